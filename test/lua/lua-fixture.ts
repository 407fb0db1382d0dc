import type { Redis } from 'ioredis';
import { sessionScripts } from '../../lib/redis/session-scripts.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

/** A server, and the scripts as Redis answers them. */
export interface LuaFixture {
  readonly server: RedisServer;
  readonly redis: Redis;
  run(name: keyof typeof sessionScripts, keys: string[], args: (string | number)[]): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startLua(): Promise<LuaFixture> {
  const server = await RedisServer.start();
  const redis = server.client();
  return {
    server,
    redis,
    run: (name, keys, args) => redis.eval(sessionScripts[name].lua, keys.length, ...keys, ...args),
    stop: () => server.stop(),
  };
}

/** Keys of a session that no other test knows. */
export function newKeys(): { data: string; lock: string; receipt: string } {
  const tag = `{${uniqueName('lua')}}`;
  return { data: `${tag}_Data`, lock: `${tag}_Write_Lock`, receipt: `${tag}_Saved` };
}

/** A token as long as real ones are. */
export const token = (name: string) => name.padEnd(22, '-');
