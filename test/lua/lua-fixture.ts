import { expect } from '@jest/globals';
import type { Redis } from 'ioredis';
import { sessionScripts } from '../../lib/redis/session-scripts.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

/** A server that runs the scripts. */
export interface LuaFixture {
  readonly server: RedisServer;
  readonly redis: Redis;
  run(name: keyof typeof sessionScripts, keys: string[], args: (string | number)[]): Promise<unknown>;
  /** Asserts that a key expires after this time, less up to a third for what has passed since. */
  expectExpiry(key: string, milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startLua(): Promise<LuaFixture> {
  const server = await RedisServer.start();
  const redis = server.client();
  return {
    server,
    redis,
    run: (name, keys, args) => redis.eval(sessionScripts[name].lua, keys.length, ...keys, ...args),
    expectExpiry: async (key, milliseconds) => {
      const left = await redis.pttl(key);
      expect(left).toBeGreaterThan((milliseconds * 2) / 3);
      expect(left).toBeLessThanOrEqual(milliseconds);
    },
    stop: () => server.stop(),
  };
}

/** Keys of a session of its own. */
export function newKeys(): { data: string; lock: string; receipt: string } {
  const tag = `{${uniqueName('lua')}}`;
  return { data: `${tag}_Data`, lock: `${tag}_Write_Lock`, receipt: `${tag}_Saved` };
}

/** A token of the real length. */
export const token = (name: string) => name.padEnd(22, '-');
