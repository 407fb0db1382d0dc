import '../soak/typescript.mjs';
import { ensureRedisServer } from '../support/ensure-redis-server.mjs';

process.env.REDIS_SERVER = ensureRedisServer();
await import('./main.ts');
