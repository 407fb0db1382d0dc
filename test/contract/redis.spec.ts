import { sessionStoreContract } from 'nestjs-redis-session/testing';
import { redisHarness } from './redis-harness.js';

// A client that resends commands: each write leaves a receipt, so it runs the full script.
sessionStoreContract({
  name: 'RedisSessionStore',
  create: () => redisHarness({ autoResendUnfulfilledCommands: true }),
});
