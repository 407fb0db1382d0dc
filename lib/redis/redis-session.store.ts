import type { Cluster, Redis } from 'ioredis';
import type {
  LockRequest,
  NewSessionRecord,
  SaveOutcome,
  SessionChanges,
  SessionLease,
  SessionRecord,
  SessionStore,
  SessionTouch,
} from '../session/session-store.js';
import { newWriteId } from '../session/session-credential.js';
import { type ConnectionWatch, RedisCommands, type RedisCommandsOptions } from './redis-commands.js';
import { RedisSessionLocks } from './redis-session-locks.js';
import { RedisTouches } from './redis-touches.js';
import { SessionKeys } from './session-keys.js';
import { readHash, recordOf } from './session-record.js';
import { sessionScripts, type RedisClient } from './session-scripts.js';

/** The options of the store. */
export interface RedisSessionStoreOptions extends RedisCommandsOptions {
  readonly applicationName: string;
}

/** Stores each session in one Redis hash. A read is one plain command, a write is one script. */
export class RedisSessionStore implements SessionStore {
  readonly #keys: SessionKeys;
  readonly #commands: RedisCommands;
  readonly #locks: RedisSessionLocks;
  readonly #touches: RedisTouches;
  readonly #receiptInMilliseconds: number;

  constructor(
    private readonly client: RedisClient,
    options: RedisSessionStoreOptions,
    /** Knows the state of the connection behind the client's errors. @default none */
    watch?: ConnectionWatch,
  ) {
    this.#keys = new SessionKeys(options.applicationName);
    this.#commands = new RedisCommands(client, options, watch);
    this.#locks = new RedisSessionLocks(this.#commands, this.#keys);
    this.#touches = new RedisTouches(this.#commands);
    this.#receiptInMilliseconds = receiptTime(client, options);
  }

  async create(session: NewSessionRecord): Promise<number | undefined> {
    const keys = [this.#keys.data(session.id)];
    // A session is created once, so its secret identifies the write, also when it is retried.
    if (this.#receiptInMilliseconds > 0)
      keys.push(this.#keys.receipt(session.id, session.secretHash.slice(0, RECEIPT_LENGTH)));
    const created = await this.#commands.run('create', sessionScripts.create, keys, [
      session.secretHash,
      session.defaultIdleTimeoutInMilliseconds,
      session.idleTimeoutInMilliseconds ?? '',
      session.absoluteTimeoutInMilliseconds ?? '',
      this.#receiptInMilliseconds,
      ...[...session.attributes].flat(),
    ]);
    return created === 0 ? undefined : (created as number);
  }

  async load(id: string): Promise<SessionRecord | undefined> {
    const key = this.#keys.data(id);
    return recordOf(id, await this.#commands.send('load', () => readHash(this.client, key)));
  }

  async save(id: string, changes: SessionChanges): Promise<SaveOutcome> {
    const set: string[] = [];
    const removed: string[] = [];
    for (const [name, text] of changes.attributes) {
      if (text === undefined) removed.push(name);
      else set.push(name, text);
    }
    const { lock, newSecretHash } = changes;
    const keys = [this.#keys.data(id)];
    // A rotation needs no receipt: the stored secret shows whether it was written.
    const receipted = this.#receiptInMilliseconds > 0 && newSecretHash === undefined;
    if (lock !== undefined || receipted) keys.push(this.#keys.writeLock(id));
    if (receipted) keys.push(this.#keys.receipt(id, lock?.release ? lock.token : newWriteId()));
    const reply = await this.#commands.run('save', sessionScripts.save, keys, [
      changes.defaultIdleTimeoutInMilliseconds,
      lock?.token ?? '',
      changes.secretHash ?? '',
      newSecretHash ?? '',
      this.#receiptInMilliseconds,
      lock?.release ? 1 : '',
      changes.idleTimeoutInMilliseconds ?? '',
      changes.absoluteTimeoutInMilliseconds ?? '',
      set.length,
      ...set,
      ...removed,
    ]);
    return outcomes[String(reply)]!;
  }

  async touch(id: string, touch: SessionTouch): Promise<boolean | 'conflict'> {
    return this.#touches.touch(this.#keys.data(id), touch);
  }

  async destroy(id: string, secretHash?: string): Promise<boolean | 'conflict'> {
    const key = this.#keys.data(id);
    // Two commands, because a cluster that moves the slot can refuse a command with two keys.
    const removed = await (secretHash === undefined
      ? this.#commands.send('destroy', () => this.client.del(key))
      : this.#commands.run('destroy', sessionScripts.destroy, [key], [secretHash]));
    if (removed === -1) return 'conflict';
    // Not awaited: without the session nobody can write under the lock, and its lease ends it if this fails.
    this.#locks.drop(id).catch(() => undefined);
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
    this.#locks.close();
  }
}

const outcomes: Readonly<Record<string, SaveOutcome>> = {
  '1': 'saved',
  '0': 'gone',
  '-1': 'conflict',
  '-2': 'lock-lost',
};

// 128 bits are enough to tell writes apart.
const RECEIPT_LENGTH = 22;

// A proxy can deliver a copy of a write long after the client has given up.
const LATEST_COPY_AFTER_MS = 30_000;

// Without retries, writes need no receipt.
function receiptTime(client: RedisClient, options: RedisSessionStoreOptions): number {
  const { operationTimeoutInMilliseconds: timeout, retryTimeoutInMilliseconds: interval } = options;
  const ofNode = client.isCluster ? (client as Cluster).options.redisOptions : (client as Redis).options;
  if (interval === 0 && ofNode?.autoResendUnfulfilledCommands === false) return 0;
  return timeout + interval + LATEST_COPY_AFTER_MS;
}
