import { sessionStoreContract } from 'nestjs-redis-session/testing';
import { redisHarness } from './redis-harness.js';

// As the client of the module: no write is sent twice, so the common writes run the short scripts.
sessionStoreContract({
  name: 'RedisSessionStore without receipts',
  create: () => redisHarness({ autoResendUnfulfilledCommands: false }),
  without: ['locks'],
});
