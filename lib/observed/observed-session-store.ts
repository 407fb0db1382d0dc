import { AsyncResource } from 'node:async_hooks';
import type { SessionIndex } from '../session/session-index.js';
import type { SessionDestroyReason } from '../session/session-observer.js';
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
import type { Observation } from './observation.js';
import { bytesIn } from './observed-bytes.js';
import { ObservedSessionIndex } from './observed-session-index.js';

// Every member of the port, also those that a store can leave out.
type WholeStore = SessionStore & Record<keyof SessionStore, unknown>;

/** A store whose operations are observed. Exists only if there are observers. */
export class ObservedSessionStore implements WholeStore {
  readonly index: SessionIndex | undefined;
  readonly remaining: SessionStore['remaining'];
  readonly bindDevice: SessionStore['bindDevice'];
  readonly watchExpiries: SessionStore['watchExpiries'];
  // Touches are sent in the context of any request of their turn, which must not pay for the others.
  readonly #noRequest = new AsyncResource('RedisSessionTouches');

  constructor(
    private readonly store: SessionStore,
    private readonly observation: Observation,
  ) {
    this.index = store.index && new ObservedSessionIndex(store.index, observation);
    this.remaining = store.remaining && ((id) => this.#remaining(id));
    this.watchExpiries = store.watchExpiries && ((attributes) => store.watchExpiries!(attributes));
    this.bindDevice = store.bindDevice && ((id, change) => this.#bindDevice(id, change));
  }

  get touchesAreFree(): boolean {
    return this.store.touchesAreFree ?? false;
  }

  get connection(): StoreConnection | undefined {
    return this.store.connection;
  }

  create(session: NewSessionRecord): Promise<number | undefined> {
    return this.observation.run(
      { operation: 'create', id: session.id },
      () => this.store.create(session),
      (createdAt) => ({
        outcome: createdAt === undefined ? 'taken' : 'created',
        bytes: bytesIn(session.attributes),
      }),
    );
  }

  load(id: string): Promise<SessionRecord | undefined> {
    return this.observation.run(
      { operation: 'load', id },
      () => this.store.load(id),
      (record) => ({ outcome: foundOr(record), bytes: bytesIn(record?.attributes) }),
    );
  }

  save(id: string, changes: SessionChanges): Promise<SaveOutcome> {
    return this.observation.run(
      { operation: changes.newSecretHash === undefined ? 'save' : 'rotate', id },
      () => this.store.save(id, changes),
      (outcome) => ({ outcome, bytes: outcome === 'saved' ? bytesIn(changes.attributes) : 0 }),
    );
  }

  touch(id: string, touch: SessionTouch): Promise<boolean | 'conflict'> {
    const background = touch.background ?? false;
    const run = (): Promise<boolean | 'conflict'> =>
      this.observation.run(
        { operation: 'touch', id, background },
        () => this.store.touch(id, touch),
        (touched) => ({ outcome: touched === 'conflict' ? touched : touched ? 'touched' : 'gone' }),
      );
    return background ? this.#noRequest.runInAsyncScope(run) : run();
  }

  destroy(
    id: string,
    secretHash?: string,
    reason: SessionDestroyReason = 'destroyed',
  ): Promise<boolean | 'conflict'> {
    return this.observation.run(
      { operation: 'destroy', id, reason },
      () => this.store.destroy(id, secretHash, reason),
      (destroyed) => ({ outcome: destroyed === 'conflict' ? destroyed : destroyed ? 'destroyed' : 'absent' }),
    );
  }

  /** Part of the operation `lock`, which ObservedSessionLocks reports with the wait in this process. */
  loadExclusive(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined> {
    return this.store.loadExclusive(id, lock);
  }

  renewLock(id: string, lock: SessionLease, secretHash?: string): Promise<boolean> {
    return this.observation.run(
      { operation: 'renewLock', id },
      () => this.store.renewLock(id, lock, secretHash),
      (held) => ({ outcome: held ? 'renewed' : 'lock-lost' }),
    );
  }

  releaseLock(id: string, token: string, leaseInMilliseconds?: number): Promise<void> {
    return this.observation.run(
      { operation: 'releaseLock', id },
      () => this.store.releaseLock(id, token, leaseInMilliseconds),
      () => ({ outcome: 'done' }),
    );
  }

  close(): void | Promise<void> {
    return this.store.close?.();
  }

  #bindDevice(id: string, change: DeviceChange): Promise<DeviceOutcome> {
    return this.observation.run(
      { operation: 'bindDevice', id },
      () => this.store.bindDevice!(id, change),
      (outcome) => ({ outcome }),
    );
  }

  #remaining(id: string): Promise<number | undefined> {
    return this.observation.run(
      { operation: 'remaining', id },
      () => this.store.remaining!(id),
      (left) => ({ outcome: foundOr(left) }),
    );
  }
}

function foundOr(value: unknown): 'found' | 'absent' {
  return value === undefined ? 'absent' : 'found';
}
