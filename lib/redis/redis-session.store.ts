import type {
  DeviceChange,
  DeviceOutcome,
  LockRequest,
  NewSessionRecord,
  SaveOutcome,
  SessionChanges,
  SessionLease,
  SessionRecord,
  SessionStore,
  SessionTouch,
  StoreConnection,
} from '../session/session-store.js';
import type { SessionExpiries } from '../session/session-expiries.js';
import type { RunningOperation } from '../observed/operation-cost.js';
import { CountedCommands } from './counted-commands.js';
import { LockWaiters } from './lock-waiters.js';
import { type ConnectionWatch, RedisCommands, type RedisCommandsOptions } from './redis-commands.js';
import { RedisIndexLocks } from './redis-index-locks.js';
import { RedisSessionLocks } from './redis-session-locks.js';
import { RedisSessionWrites } from './redis-session-writes.js';
import { RedisSessionExpiries } from './redis-session-expiries.js';
import { RedisSessionIndex } from './redis-session-index.js';
import { SessionKeys } from './session-keys.js';
import { readHash, recordOf } from './session-record.js';
import { runScript, sessionScripts, type RedisClient } from './session-scripts.js';

/** The options of the store. */
export interface RedisSessionStoreOptions extends RedisCommandsOptions {
  readonly applicationName: string;
}

/** Stores each session in one Redis hash. A read is one plain command, a write is one script. */
export class RedisSessionStore implements SessionStore {
  readonly index: RedisSessionIndex;
  private readonly client: RedisClient;
  readonly #keys: SessionKeys;
  readonly #commands: RedisCommands;
  readonly #waiters: LockWaiters;
  readonly #locks: RedisSessionLocks;
  readonly #writes: RedisSessionWrites;
  #expiries: RedisSessionExpiries | undefined;

  constructor(
    client: RedisClient,
    options: RedisSessionStoreOptions,
    /** Knows the state of the connection behind the client's errors. @default none */
    watch?: ConnectionWatch,
    /** Counts what observed operations send. @default nothing is counted */
    running?: RunningOperation,
  ) {
    this.#keys = new SessionKeys(options.applicationName);
    this.#commands =
      running === undefined
        ? new RedisCommands(client, options, watch)
        : new CountedCommands(client, options, watch, running);
    this.client = this.#commands.client;
    this.#waiters = new LockWaiters(this.#commands, this.#keys);
    this.#locks = new RedisSessionLocks(this.#commands, this.#keys, this.#waiters);
    this.#writes = new RedisSessionWrites(this.#commands, this.#keys);
    const indexLocks = new RedisIndexLocks(this.#commands, this.#keys, this.#waiters);
    this.index = new RedisSessionIndex(this.#commands, this.#keys, this.#locks, indexLocks, (id) => {
      void this.#expiries?.destroyed(id);
    });
  }

  /** `undefined` if the store was made without its connection. */
  get connection(): StoreConnection | undefined {
    return this.#commands.watch?.current;
  }

  watchExpiries(attributes: readonly string[]): SessionExpiries {
    this.#expiries = new RedisSessionExpiries(this.#commands, this.#keys, attributes);
    return this.#expiries;
  }

  create(session: NewSessionRecord): Promise<number | undefined> {
    return this.#expiries === undefined
      ? this.#writes.create(session)
      : this.#createNoted(session, this.#expiries);
  }

  async load(id: string): Promise<SessionRecord | undefined> {
    const key = this.#keys.data(id);
    return recordOf(id, await this.#commands.send('load', () => readHash(this.client, key)));
  }

  async remaining(id: string): Promise<number | undefined> {
    const key = this.#keys.data(id);
    const milliseconds = await this.#commands.send('load', () => this.client.pttl(key));
    // Negative for a key that does not exist, or never expires.
    return milliseconds < 0 ? undefined : milliseconds;
  }

  save(id: string, changes: SessionChanges): Promise<SaveOutcome> {
    return this.#expiries === undefined
      ? this.#writes.save(id, changes)
      : this.#saveNoted(id, changes, this.#expiries);
  }

  bindDevice(id: string, change: DeviceChange): Promise<DeviceOutcome> {
    return this.#writes.bindDevice(id, change);
  }

  async touch(id: string, touch: SessionTouch): Promise<boolean | 'conflict'> {
    const key = this.#keys.data(id);
    const touched = await this.#commands.send('touch', () => touchKey(this.client, key, touch));
    return touched === -1 ? 'conflict' : touched === 1;
  }

  async destroy(id: string, secretHash?: string): Promise<boolean | 'conflict'> {
    const key = this.#keys.data(id);
    // Two commands, because a cluster that moves the slot can refuse a command with two keys.
    const removed = await (secretHash === undefined
      ? this.#commands.send('destroy', () => this.client.del(key))
      : this.#commands.run('destroy', sessionScripts.destroy, [key], [':secret', secretHash]));
    if (removed === -1) return 'conflict';
    // Not awaited: without the session nobody can write under the lock, and its lease ends it if this fails.
    this.#locks.drop(id).catch(() => undefined);
    if (removed === 1) void this.#expiries?.destroyed(id);
    return removed === 1;
  }

  loadExclusive(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined> {
    return this.#locks.loadExclusive(id, lock);
  }

  renewLock(id: string, lock: SessionLease, secretHash?: string): Promise<boolean> {
    return this.#locks.renew(id, lock, secretHash);
  }

  releaseLock(id: string, token: string, leaseInMilliseconds?: number): Promise<void> {
    return this.#locks.release(id, token, leaseInMilliseconds);
  }

  /** Closes the connection that notifies waiters. The client's owner closes the client. */
  close(): void {
    this.#waiters.close();
    this.#locks.close();
  }

  // Awaited: nobody can destroy the session before its entry is there.
  async #createNoted(session: NewSessionRecord, expiries: RedisSessionExpiries): Promise<number | undefined> {
    const createdAt = await this.#writes.create(session);
    if (createdAt !== undefined) await expiries.created(session, createdAt);
    return createdAt;
  }

  async #saveNoted(
    id: string,
    changes: SessionChanges,
    expiries: RedisSessionExpiries,
  ): Promise<SaveOutcome> {
    const outcome = await this.#writes.save(id, changes);
    if (outcome === 'saved') void expiries.saved(id, changes);
    return outcome;
  }
}

// GT never shortens the TTL that another request has set. Only the script can tell whether it must be shorter, and with an
// absolute timeout it sets the TTL, so that this never exceeds the session's end, even for a moment.
async function touchKey(client: RedisClient, key: string, touch: SessionTouch): Promise<unknown> {
  const { defaultIdleTimeoutInMilliseconds, absoluteTimeoutInMilliseconds, expiresAt, secretHash } = touch;
  if (secretHash === undefined && expiresAt === undefined && absoluteTimeoutInMilliseconds === undefined) {
    const idle = touch.idleTimeoutInMilliseconds ?? defaultIdleTimeoutInMilliseconds;
    if ((await client.pexpire(key, idle, 'GT')) === 1) return 1;
  }
  return runScript(
    client,
    sessionScripts.touch,
    [key],
    [defaultIdleTimeoutInMilliseconds, absoluteTimeoutInMilliseconds ?? '', secretHash ?? ''],
  );
}
