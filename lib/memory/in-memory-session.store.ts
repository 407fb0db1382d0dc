import { InMemoryLocks } from './in-memory-locks.js';
import { InMemorySessionIndex } from './in-memory-session-index.js';
import { absoluteEnd, timesAfter } from './session-times.js';
import { now } from '../session/clock.js';
import type { ExpiredSession, SessionExpiries } from '../session/session-expiries.js';
import { withChanges } from '../session/session-index.js';
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
  SessionTimeouts,
  SessionTouch,
} from '../session/session-store.js';

/** How often unused expired sessions are deleted. A read never returns an expired session. */
const SWEEP_INTERVAL_IN_MILLISECONDS = 60_000;

interface StoredSession {
  readonly record: SessionRecord;
  /** When the session expires unless it is used before, in milliseconds since the epoch. */
  readonly endsAt: number;
  /** The token of the lock that the last exclusive save released, so that a copy of that save counts as saved. */
  receipt: string | undefined;
}

/**
 * Stores sessions in the memory of this process, with the guarantees of the Redis store, for tests and development. A
 * restart ends every session, and other processes cannot see them.
 *
 * Each operation is atomic because it does not await between its check and its write.
 *
 * @example const store = new InMemorySessionStore();
 */
export class InMemorySessionStore implements SessionStore {
  readonly index: InMemorySessionIndex;
  private readonly sessions = new Map<string, StoredSession>();
  private readonly locks: InMemoryLocks;
  readonly touchesAreFree = true;
  private readonly now: () => number;
  private sweepTimer: NodeJS.Timeout | undefined;
  /** Sessions that have expired; `undefined` if nobody asks. */
  private expired: ExpiredSession[] | undefined;
  private keptAttributes: readonly string[] = [];

  /** @param options `now`: the store's clock, in milliseconds since the epoch. @default that of the process */
  constructor(options: { now?: () => number } = {}) {
    this.now = options.now ?? now;
    this.locks = new InMemoryLocks(this.now);
    this.index = new InMemorySessionIndex({
      now: this.now,
      ids: () => [...this.sessions.keys()],
      find: (id) => (this.findLive(id) === undefined ? undefined : this.sessions.get(id)),
      destroy: (id) => this.destroy(id),
    });
  }

  /** The number of sessions in memory, including those that expired since the last sweep. */
  get size(): number {
    return this.sessions.size;
  }

  async create(session: NewSessionRecord): Promise<number | undefined> {
    const { id, secretHash, idleTimeoutInMilliseconds, absoluteTimeoutInMilliseconds: most } = session;
    const taken = this.findLive(id);
    if (taken) return taken.secretHash === secretHash ? taken.createdAt : undefined;

    const createdAt = this.now();
    const expiresAt = most === undefined ? undefined : createdAt + most;
    const attributes = new Map(session.attributes);
    const { indexed, schemaVersion } = session;
    const authenticatedAt = session.authenticated ? createdAt : undefined;
    const times = { createdAt, idleTimeoutInMilliseconds, expiresAt, authenticatedAt };
    this.store({ id, secretHash, ...times, attributes, indexed, schemaVersion }, session);
    // Unref'ed: the timer must not keep the process alive.
    this.sweepTimer ??= setInterval(() => this.sweep(), SWEEP_INTERVAL_IN_MILLISECONDS).unref();
    return createdAt;
  }

  watchExpiries(attributes: readonly string[]): SessionExpiries {
    this.expired = [];
    this.keptAttributes = attributes;
    return {
      take: async () => {
        this.sweep();
        return this.expired?.splice(0) ?? [];
      },
    };
  }

  async load(id: string): Promise<SessionRecord | undefined> {
    const record = this.findLive(id);
    return record && { ...record, attributes: new Map(record.attributes) };
  }

  async remaining(id: string): Promise<number | undefined> {
    return this.findLive(id) && this.sessions.get(id)!.endsAt - this.now();
  }

  async save(id: string, changes: SessionChanges): Promise<SaveOutcome> {
    const record = this.findLive(id, changes);
    if (!record) return 'gone';
    const { lock, newSecretHash } = changes;
    // A copy of this save: no other request can have the same random secret.
    if (record.secretHash === newSecretHash) return 'saved';
    if (lock && !this.locks.isHeld(id, lock.token)) {
      return lock.release && this.sessions.get(id)?.receipt === lock.token ? 'saved' : 'lock-lost';
    }
    if (isReplaced(record, changes.secretHash)) return 'conflict';

    for (const [name, text] of changes.attributes) {
      if (text === undefined) record.attributes.delete(name);
      else record.attributes.set(name, text);
    }
    const idleTimeoutInMilliseconds = changes.idleTimeoutInMilliseconds ?? record.idleTimeoutInMilliseconds;
    const secretHash = newSecretHash ?? record.secretHash;
    const previous = changes.previous ?? record.previous;
    const indexed = withChanges(record.indexed, changes.indexed);
    const times = timesAfter(changes, this.now());
    const schemaVersion = changes.schemaVersion ?? record.schemaVersion;
    const own = { secretHash, idleTimeoutInMilliseconds, previous, indexed, schemaVersion };
    this.store({ ...record, ...times, ...own }, changes);
    if (lock?.release) {
      this.sessions.get(id)!.receipt = lock.token;
      this.locks.release(id, lock.token);
    }
    return 'saved';
  }

  async bindDevice(id: string, { secretHash, expected, device }: DeviceChange): Promise<DeviceOutcome> {
    const record = this.findLive(id);
    if (record === undefined) return 'gone';
    if (record.device === device) return 'bound';
    if (isReplaced(record, secretHash)) return 'conflict';
    if (record.device !== expected) return 'taken';
    this.sessions.set(id, { ...this.sessions.get(id)!, record: { ...record, device } });
    return 'bound';
  }

  async touch(id: string, touch: SessionTouch): Promise<boolean | 'conflict'> {
    const record = this.findLive(id, touch);
    if (record === undefined) return false;
    if (isReplaced(record, touch.secretHash)) return 'conflict';
    this.store(record, touch);
    return true;
  }

  async destroy(id: string, secretHash?: string): Promise<boolean | 'conflict'> {
    const record = this.findLive(id);
    if (record === undefined) return false;
    return isReplaced(record, secretHash) ? 'conflict' : this.remove(id);
  }

  async loadExclusive(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined> {
    const isLive = (): boolean => this.findLive(id) !== undefined;
    if (!isLive()) return undefined;
    if (!(await this.locks.wait(id, lock, isLive))) return isLive() ? 'locked' : undefined;
    const record = await this.load(id);
    if (record === undefined) this.locks.release(id, lock.token);
    return record;
  }

  async renewLock(id: string, lock: SessionLease, secretHash?: string): Promise<boolean> {
    const record = this.findLive(id);
    if (record !== undefined && isReplaced(record, secretHash)) return false;
    return this.locks.isHeld(id, lock.token) && this.locks.take(id, lock);
  }

  async releaseLock(id: string, token: string): Promise<void> {
    this.locks.release(id, token);
  }

  /** Deletes all sessions and stops the sweep. */
  close(): void {
    for (const id of this.sessions.keys()) this.remove(id);
  }

  private store(record: SessionRecord, timeouts: SessionTimeouts): void {
    const idle = record.idleTimeoutInMilliseconds ?? timeouts.defaultIdleTimeoutInMilliseconds;
    const endsAt = Math.min(this.now() + idle, absoluteEnd(record, timeouts));
    this.sessions.set(record.id, { record, endsAt, receipt: this.sessions.get(record.id)?.receipt });
  }

  private findLive(id: string, timeouts?: SessionTimeouts): SessionRecord | undefined {
    const stored = this.sessions.get(id);
    if (stored === undefined) return undefined;
    const { record, endsAt } = stored;
    if (this.now() < Math.min(endsAt, absoluteEnd(record, timeouts))) return record;
    this.remove(id);
    this.expired?.push({ id, attributes: this.kept(record) });
    return undefined;
  }

  private kept({ attributes }: SessionRecord): Map<string, string> {
    return new Map([...attributes].filter(([name]) => this.keptAttributes.includes(name)));
  }

  private sweep(): void {
    for (const id of this.sessions.keys()) this.findLive(id);
  }

  private remove(id: string): boolean {
    const removed = this.sessions.delete(id);
    this.locks.free(id);
    if (this.sessions.size === 0) {
      clearInterval(this.sweepTimer);
      this.sweepTimer = undefined;
    }
    return removed;
  }
}

function isReplaced(record: SessionRecord, secretHash: string | undefined): boolean {
  return secretHash !== undefined && secretHash !== record.secretHash;
}
