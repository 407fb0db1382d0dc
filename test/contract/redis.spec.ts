import { redisHarness } from './redis-harness.js';
import { describeSessionStore } from './session-store.contract.js';

// A client that resends commands: each write leaves a receipt, so it runs the full script.
describeSessionStore('RedisSessionStore', () => redisHarness({ autoResendUnfulfilledCommands: true }));
