import { ensurePostgres } from './ensure-postgres.mjs';
import { ensureRedisServer } from './ensure-redis-server.mjs';

/** Jest's globalSetup: the workers inherit REDIS_SERVER and POSTGRES_BIN. */
export default function globalSetup() {
  process.env.REDIS_SERVER = ensureRedisServer();
  try {
    process.env.POSTGRES_BIN = ensurePostgres();
  } catch (error) {
    // Only one spec needs it.
    process.env.POSTGRES_MISSING = error.message;
  }
}
