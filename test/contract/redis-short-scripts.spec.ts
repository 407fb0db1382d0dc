import { redisHarness } from './redis-harness.js';
import { describeSessionStore, withoutLocks } from './session-store.contract.js';

// As the client of the module: no write is sent twice, so the common writes run the short scripts.
describeSessionStore(
  'RedisSessionStore without receipts',
  () => redisHarness({ autoResendUnfulfilledCommands: false }),
  withoutLocks,
);
