import { setTimeout as sleep } from 'node:timers/promises';
import type {
  LockRequest,
  NewSessionRecord,
  SaveOutcome,
  SessionChanges,
  SessionLease,
  SessionRecord,
  SessionStore,
  SessionTimeouts,
  SessionTouch,
} from 'nestjs-redis-session';

interface Stored {
  record: SessionRecord;
  endsAt: number;
  lock?: { token: string; endsAt: number } | undefined;
  receipt?: string;
  readonly waiting: string[];
}

/** A store as somebody else would write it: as simple as the contract allows, without index, devices and `remaining`. */
export class MapStore implements SessionStore {
  protected readonly sessions = new Map<string, Stored>();

  constructor(private readonly now: () => number) {}

  async create(session: NewSessionRecord): Promise<number | undefined> {
    const { id, secretHash, idleTimeoutInMilliseconds, absoluteTimeoutInMilliseconds: most } = session;
    const taken = this.live(id);
    if (taken) return taken.record.secretHash === secretHash ? taken.record.createdAt : undefined;
    const createdAt = this.now();
    const record = {
      id,
      secretHash,
      createdAt,
      idleTimeoutInMilliseconds,
      expiresAt: most === undefined ? undefined : createdAt + most,
      authenticatedAt: session.authenticated ? createdAt : undefined,
      attributes: new Map(session.attributes),
    };
    const stored = { record, endsAt: Infinity, waiting: [] };
    this.sessions.set(id, stored);
    this.slide(stored, session);
    return createdAt;
  }

  async load(id: string): Promise<SessionRecord | undefined> {
    const stored = this.live(id);
    return stored && { ...stored.record, attributes: new Map(stored.record.attributes) };
  }

  async save(id: string, changes: SessionChanges): Promise<SaveOutcome> {
    const stored = this.live(id, changes);
    if (stored === undefined) return 'gone';
    const { record } = stored;
    const { lock, secretHash, newSecretHash = record.secretHash, authentication } = changes;
    if (changes.newSecretHash === record.secretHash) return 'saved';
    if (lock && stored.lock?.token !== lock.token)
      return lock.release && stored.receipt === lock.token ? 'saved' : 'lock-lost';
    if (secretHash !== undefined && secretHash !== record.secretHash) return 'conflict';
    const attributes = new Map(record.attributes);
    for (const [name, text] of changes.attributes)
      if (text === undefined) attributes.delete(name);
      else attributes.set(name, text);
    const now = this.now();
    const most = changes.absoluteTimeoutInMilliseconds;
    stored.record = {
      ...record,
      attributes,
      secretHash: newSecretHash,
      idleTimeoutInMilliseconds: changes.idleTimeoutInMilliseconds ?? record.idleTimeoutInMilliseconds,
      previous: changes.previous ?? record.previous,
      ...(authentication && { authenticatedAt: authentication === 'ended' ? undefined : now }),
      ...(authentication === 'renewed' && {
        restartedAt: now,
        expiresAt: most === undefined ? undefined : now + most,
      }),
    };
    this.slide(stored, changes);
    if (lock?.release) {
      stored.receipt = lock.token;
      stored.lock = undefined;
    }
    return 'saved';
  }

  async touch(id: string, touch: SessionTouch): Promise<boolean | 'conflict'> {
    const stored = this.live(id, touch);
    if (stored === undefined) return false;
    if ((touch.secretHash ?? stored.record.secretHash) !== stored.record.secretHash) return 'conflict';
    this.slide(stored, touch);
    return true;
  }

  async destroy(id: string, secretHash?: string): Promise<boolean | 'conflict'> {
    const stored = this.live(id);
    if (stored === undefined) return false;
    if ((secretHash ?? stored.record.secretHash) !== stored.record.secretHash) return 'conflict';
    return this.sessions.delete(id);
  }

  async loadExclusive(id: string, request: LockRequest): Promise<SessionRecord | 'locked' | undefined> {
    const { token, leaseInMilliseconds, waitInMilliseconds, signal } = request;
    const deadline = performance.now() + waitInMilliseconds;
    const first = this.live(id);
    first?.waiting.push(token);
    try {
      for (;;) {
        const stored = this.live(id);
        if (stored === undefined || stored !== first) return undefined;
        const mine = stored.lock?.token === token;
        if (mine || (stored.lock === undefined && stored.waiting[0] === token)) {
          stored.lock = { token, endsAt: this.now() + leaseInMilliseconds };
          return await this.load(id);
        }
        if (performance.now() >= deadline || signal?.aborted) return 'locked';
        await sleep(2);
      }
    } finally {
      first?.waiting.splice(first.waiting.indexOf(token), 1);
    }
  }

  async renewLock(id: string, lock: SessionLease, secretHash?: string): Promise<boolean> {
    const stored = this.live(id);
    if (stored?.lock?.token !== lock.token) return false;
    if ((secretHash ?? stored.record.secretHash) !== stored.record.secretHash) return false;
    stored.lock = { token: lock.token, endsAt: this.now() + lock.leaseInMilliseconds };
    return true;
  }

  async releaseLock(id: string, token: string): Promise<void> {
    const stored = this.live(id);
    if (stored?.lock?.token === token) stored.lock = undefined;
  }

  protected live(id: string, timeouts?: SessionTimeouts): Stored | undefined {
    const stored = this.sessions.get(id);
    if (stored === undefined) return undefined;
    if (stored.lock !== undefined && this.now() >= stored.lock.endsAt) stored.lock = undefined;
    if (this.now() < Math.min(stored.endsAt, absoluteEnd(stored.record, timeouts))) return stored;
    this.sessions.delete(id);
    return undefined;
  }

  private slide(stored: Stored, timeouts: SessionTimeouts): void {
    const idle = stored.record.idleTimeoutInMilliseconds ?? timeouts.defaultIdleTimeoutInMilliseconds;
    stored.endsAt = Math.min(this.now() + idle, absoluteEnd(stored.record, timeouts));
  }
}

function absoluteEnd(record: SessionRecord, timeouts?: SessionTimeouts): number {
  const { createdAt, restartedAt = createdAt, expiresAt = Infinity } = record;
  return Math.min(expiresAt, restartedAt + (timeouts?.absoluteTimeoutInMilliseconds ?? Infinity));
}
