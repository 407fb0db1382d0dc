import type { LockRequest, SessionLease, SessionRecord } from '../session/session-store.js';
import type { Look, LockWaiters } from './lock-waiters.js';
import type { RedisCommands } from './redis-commands.js';
import type { SessionKeys } from './session-keys.js';
import { readHash, recordOf } from './session-record.js';
import { runScript, sessionScripts } from './session-scripts.js';
import { UnreleasedLocks } from './unreleased-locks.js';

/**
 * The locks of sessions in Redis. Plain commands take a free lock. If the lock is held, the request waits in a queue that
 * is stored with the lock, and its release hands it to the first waiter.
 */
export class RedisSessionLocks {
  readonly #unreleased = new UnreleasedLocks();

  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: SessionKeys,
    private readonly waiters: LockWaiters,
  ) {}

  async loadExclusive(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined> {
    try {
      const record = await this.#take(id, lock);
      if (record !== 'locked') return record;
      if (lock.waitInMilliseconds > 0) return await this.#wait(id, lock);
      // If the command was retried, the first attempt may have taken the lock.
      await this.#giveUp(id, lock);
      return 'locked';
    } catch (error) {
      // A command that timed out may still take the lock.
      this.#giveUp(id, lock).catch(() => undefined);
      throw error;
    }
  }

  async renew(
    id: string,
    { token, leaseInMilliseconds }: SessionLease,
    secretHash: string | undefined,
  ): Promise<boolean> {
    const keys = [this.keys.writeLock(id)];
    if (secretHash !== undefined) keys.push(this.keys.data(id));
    const args = [token, leaseInMilliseconds, secretHash ?? ''];
    return (await this.commands.run('lock', sessionScripts.renew, keys, args)) === 1;
  }

  /** @param leaseInMilliseconds how long to retry a failed release in the background. @default no retry */
  async release(id: string, token: string, leaseInMilliseconds = 0): Promise<void> {
    const release = (): Promise<unknown> =>
      this.commands.run('unlock', sessionScripts.release, [this.keys.writeLock(id)], [token]);
    try {
      await release();
    } catch (error) {
      if (leaseInMilliseconds > 0) this.#unreleased.add(release, leaseInMilliseconds);
      throw error;
    }
  }

  /** Deletes the lock of a destroyed session and notifies its waiters. */
  async drop(id: string): Promise<void> {
    await this.commands.run('unlock', sessionScripts.drop, [this.keys.writeLock(id)], []);
  }

  close(): void {
    this.#unreleased.close();
  }

  #giveUp(id: string, { token, leaseInMilliseconds }: SessionLease): Promise<void> {
    return this.release(id, token, leaseInMilliseconds);
  }

  /** Takes the lock if it is free, and reads the session under it in the same round trip. */
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
      // While a cluster moves the slot, this reply can come first. The session was then read without the lock.
      const reading = readHash(client, this.keys.data(id)).then((read) => (answered ? read : undefined));
      return Promise.all([taking, reading]);
    });
    return taken ? this.#underLock(id, lock, fields) : 'locked';
  }

  async #wait(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined> {
    const turn = await this.waiters.turn(lock, (notified) => this.#look(id, lock, notified));
    if (turn === undefined) {
      await this.#giveUp(id, lock);
      return 'locked';
    }
    const [place, fields] = turn;
    // Place 1: the lock is held since the notification, so this read happened under it.
    return place === 0 ? undefined : this.#underLock(id, lock, place === 1 ? fields : undefined);
  }

  /** Takes the lock or enters its queue. A notified waiter also reads the session in the same round trip. */
  #look(id: string, lock: SessionLease, notified: boolean): Promise<Look> {
    const { client } = this.commands;
    const keys = [this.keys.data(id), this.keys.writeLock(id)];
    const args = [lock.token, lock.leaseInMilliseconds, this.waiters.channel];
    return this.commands.send('lock', () =>
      Promise.all([
        runScript(client, sessionScripts.wait, keys, args) as Promise<number>,
        notified ? readHash(client, keys[0]!) : undefined,
      ]),
    );
  }

  async #underLock(id: string, lock: SessionLease, fields?: string[]): Promise<SessionRecord | undefined> {
    const key = this.keys.data(id);
    const read = fields ?? (await this.commands.send('load', () => readHash(this.commands.client, key)));
    const record = recordOf(id, read);
    if (record === undefined) await this.#giveUp(id, lock);
    return record;
  }
}
