import type { IndexKey } from '../session/session-index.js';
import type { LockRequest } from '../session/session-store.js';
import type { LockWaiters } from './lock-waiters.js';
import type { RedisCommands } from './redis-commands.js';
import type { SessionKeys } from './session-keys.js';
import { sessionScripts } from './session-scripts.js';

/**
 * The locks under which the sessions of one value of an index are counted, in the hash slot of the index. They have the
 * queue of the locks of sessions, and each is one key, so that they work while a cluster moves their slot.
 */
export class RedisIndexLocks {
  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: SessionKeys,
    private readonly waiters: LockWaiters,
  ) {}

  async take(key: IndexKey, lock: LockRequest): Promise<boolean> {
    try {
      if (await this.#isFree(key, lock)) return true;
      const turn = await this.waiters.turn(lock, async () => [await this.#look(key, lock)]);
      if (turn !== undefined) return true;
      await this.release(key, lock.token);
      return false;
    } catch (error) {
      // A command that timed out may still take the lock.
      this.release(key, lock.token).catch(() => undefined);
      throw error;
    }
  }

  /** @returns `false` if the token did not hold the lock, for example because its lease had ended */
  async release(key: IndexKey, token: string): Promise<boolean> {
    const keys = [this.keys.limitLock(key)];
    return (await this.commands.run('unlock', sessionScripts.release, keys, [token])) === 1;
  }

  async #isFree(key: IndexKey, { token, leaseInMilliseconds }: LockRequest): Promise<boolean> {
    const { client } = this.commands;
    const lock = this.keys.limitLock(key);
    const reply = await this.commands.send('lock', () =>
      client.set(lock, token, 'PX', leaseInMilliseconds, 'NX'),
    );
    return reply === 'OK';
  }

  // No session belongs to this lock: the script is given the lock in its place, and replies 0 if it is free.
  async #look(key: IndexKey, lock: LockRequest): Promise<number> {
    const name = this.keys.limitLock(key);
    const args = [lock.token, lock.leaseInMilliseconds, this.waiters.channel];
    const place = await this.commands.run('lock', sessionScripts.wait, [name, name], args);
    if (place !== 0) return place as number;
    return (await this.#isFree(key, lock)) ? 2 : -1;
  }
}
