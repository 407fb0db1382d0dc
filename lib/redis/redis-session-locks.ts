import type { SessionLease, SessionRecord } from '../session/session-store.js';
import { LockTurns } from './lock-turns.js';
import type { RedisCommands } from './redis-commands.js';
import type { SessionKeys } from './session-keys.js';
import { readHash, recordOf } from './session-record.js';
import { runScript, sessionScripts } from './session-scripts.js';

// Who waits is told of its turn. It looks for itself too, for messages that are lost and holders that are killed.
const LOOK_EVERY_MILLISECONDS = 500;

/** What `SessionStore.loadExclusive` takes. */
export type LockRequest = SessionLease & { readonly waitInMilliseconds: number };

/**
 * The locks of sessions in Redis. A lock that is free is taken by plain commands; who finds it held stands in a line that
 * is kept with it, and whoever releases it hands it to the first one there.
 */
export class RedisSessionLocks {
  readonly #turns: LockTurns;

  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: SessionKeys,
  ) {
    this.#turns = new LockTurns(commands.client, keys);
  }

  async loadExclusive(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined> {
    try {
      const record = await this.#take(id, lock);
      if (record !== 'locked') return record;
      if (lock.waitInMilliseconds > 0) return await this.#wait(id, lock);
      // Where the command was tried again, the first attempt may have taken the lock.
      await this.release(id, lock.token);
      return 'locked';
    } catch (error) {
      // A command that nobody waits for any more may still take the lock.
      this.release(id, lock.token).catch(() => undefined);
      throw error;
    }
  }

  async renew(id: string, { token, leaseInMilliseconds }: SessionLease): Promise<boolean> {
    const args = [token, leaseInMilliseconds];
    return (await this.commands.run('lock', sessionScripts.renew, [this.keys.writeLock(id)], args)) === 1;
  }

  async release(id: string, token: string): Promise<void> {
    await this.commands.run('unlock', sessionScripts.release, [this.keys.writeLock(id)], [token]);
  }

  /** Ends the lock of a session that is gone. */
  async drop(id: string): Promise<void> {
    await this.commands.run('unlock', sessionScripts.drop, [this.keys.writeLock(id)], []);
  }

  close(): void {
    this.#turns.close();
  }

  /** Takes a lock that is free and reads the session under it, in one round trip. */
  async #take(id: string, lock: SessionLease): Promise<SessionRecord | 'locked' | undefined> {
    const { client } = this.commands;
    const [taken, fields] = await this.commands.send('lock', () => {
      let answered = false;
      const taking = client
        .set(this.keys.writeLock(id), lock.token, 'PX', lock.leaseInMilliseconds, 'NX')
        .then((reply) => {
          answered = true;
          return reply === 'OK';
        });
      // While a cluster moves the slot it may answer this one first: then it was read without the lock.
      const reading = readHash(client, this.keys.data(id)).then((read) => (answered ? read : undefined));
      return Promise.all([taking, reading]);
    });
    return taken ? this.#underLock(id, lock.token, fields) : 'locked';
  }

  async #wait(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined> {
    const deadline = performance.now() + lock.waitInMilliseconds;
    await this.#turns.listen();
    const waiter = this.#turns.expect(lock.token);
    let called = false;
    try {
      for (;;) {
        const [place, fields] = await this.#look(id, lock, called);
        if (place === 0) return undefined;
        // Held since it was called, so whatever was read since then was read under the lock.
        if (place > 0) return await this.#underLock(id, lock.token, place === 1 ? fields : undefined);
        const left = deadline - performance.now();
        if (left <= 0) break;
        called = await waiter.called(Math.min(left, LOOK_EVERY_MILLISECONDS, Math.max(10, 1 - place)));
      }
    } finally {
      this.#turns.forget(lock.token);
    }
    await this.release(id, lock.token);
    return 'locked';
  }

  /** Takes the lock or stands in line for it; who was called reads the session in the same round trip. */
  #look(id: string, lock: SessionLease, called: boolean): Promise<[place: number, fields?: string[]]> {
    const { client } = this.commands;
    const keys = [this.keys.data(id), this.keys.writeLock(id)];
    const args = [lock.token, lock.leaseInMilliseconds, this.#turns.channel];
    return this.commands.send('lock', () =>
      Promise.all([
        runScript(client, sessionScripts.wait, keys, args) as Promise<number>,
        called ? readHash(client, keys[0]!) : undefined,
      ]),
    );
  }

  async #underLock(id: string, token: string, fields?: string[]): Promise<SessionRecord | undefined> {
    const key = this.keys.data(id);
    const read = fields ?? (await this.commands.send('load', () => readHash(this.commands.client, key)));
    const record = recordOf(id, read);
    if (record === undefined) await this.release(id, token);
    return record;
  }
}
