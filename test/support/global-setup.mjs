import { ensureRedisServer } from './ensure-redis-server.mjs';

/** Jest's globalSetup: the workers inherit REDIS_SERVER. */
export default function globalSetup() {
  process.env.REDIS_SERVER = ensureRedisServer();
}
