import type { Cluster, Redis } from 'ioredis';
import type {
  LockRequest,
  NewSessionRecord,
  SaveOutcome,
  SessionChanges,
  SessionLease,
  SessionRecord,
  SessionStore,
} from '../session/session-store.js';
import { type ConnectionWatch, RedisCommands, type RedisCommandsOptions } from './redis-commands.js';
import { RedisSessionLocks } from './redis-session-locks.js';
import { RedisTouches } from './redis-touches.js';
import { SessionKeys } from './session-keys.js';
import { readHash, recordOf } from './session-record.js';
import { sessionScripts, type RedisClient } from './session-scripts.js';

/** What the store takes of the application's options. */
export interface RedisSessionStoreOptions extends RedisCommandsOptions {
  readonly applicationName: string;
}

/** Sessions in Redis: one hash each. A read is one plain command, a write one script. */
export class RedisSessionStore implements SessionStore {
  readonly #keys: SessionKeys;
  readonly #commands: RedisCommands;
  readonly #locks: RedisSessionLocks;
  readonly #touches: RedisTouches;
  readonly #receiptInMilliseconds: number;

  constructor(
    private readonly client: RedisClient,
    options: RedisSessionStoreOptions,
    /** Knows more of the connection than the client's errors tell. @default nobody */
    watch?: ConnectionWatch,
  ) {
    this.#keys = new SessionKeys(options.applicationName);
    this.#commands = new RedisCommands(client, options, watch);
    this.#locks = new RedisSessionLocks(this.#commands, this.#keys);
    this.#touches = new RedisTouches(this.#commands);
    this.#receiptInMilliseconds = receiptTime(client, options);
  }

  async create(session: NewSessionRecord): Promise<number | undefined> {
    const created = await this.#commands.run(
      'create',
      sessionScripts.create,
      [this.#keys.data(session.id)],
      [
        session.secretHash,
        session.defaultIdleTimeoutInMilliseconds,
        session.idleTimeoutInMilliseconds ?? '',
        session.absoluteTimeoutInMilliseconds ?? '',
        ...[...session.attributes].flat(),
      ],
    );
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
    const keys = [this.#keys.data(id)];
    const { lock } = changes;
    if (lock !== undefined) keys.push(this.#keys.writeLock(id));
    if (lock?.release && this.#receiptInMilliseconds > 0) keys.push(this.#keys.receipt(id, lock.token));
    const reply = await this.#commands.run('save', sessionScripts.save, keys, [
      changes.defaultIdleTimeoutInMilliseconds,
      lock?.token ?? '',
      changes.rotate?.from ?? '',
      changes.rotate?.to ?? '',
      lock?.release ? this.#receiptInMilliseconds : '',
      changes.idleTimeoutInMilliseconds ?? '',
      set.length,
      ...set,
      ...removed,
    ]);
    return outcomes[String(reply)]!;
  }

  async touch(
    id: string,
    idleTimeoutInMilliseconds: number,
    expiresAt: number | undefined,
  ): Promise<boolean> {
    return this.#touches.touch(this.#keys.data(id), idleTimeoutInMilliseconds, expiresAt);
  }

  async destroy(id: string): Promise<boolean> {
    const key = this.#keys.data(id);
    // Each command has one key: while a cluster moves a slot it refuses those of which it has but one of two.
    const removing = this.#commands.send('destroy', () => this.client.del(key));
    // Whoever holds or takes the lock now finds no session to write to. Where this fails, the lease ends the lock.
    this.#locks.drop(id).catch(() => undefined);
    return (await removing) === 1;
  }

  loadExclusive(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined> {
    return this.#locks.loadExclusive(id, lock);
  }

  renewLock(id: string, lock: SessionLease): Promise<boolean> {
    return this.#locks.renew(id, lock);
  }

  releaseLock(id: string, token: string, leaseInMilliseconds?: number): Promise<void> {
    return this.#locks.release(id, token, leaseInMilliseconds);
  }

  /** Closes the connection on which waiters are called. The client that was handed in is its owner's to close. */
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

// A write that nobody sends twice needs no receipt. Otherwise no attempt comes later than this after the first one.
function receiptTime(client: RedisClient, options: RedisSessionStoreOptions): number {
  const { operationTimeoutInMilliseconds: timeout, retryTimeoutInMilliseconds: interval } = options;
  const ofNode = client.isCluster ? (client as Cluster).options.redisOptions : (client as Redis).options;
  if (interval === 0 && ofNode?.autoResendUnfulfilledCommands === false) return 0;
  return timeout + interval + 1000;
}
