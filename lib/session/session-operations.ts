import type { AttributeChanges } from './session-attributes.js';
import { SessionCore, type SessionActions, type SessionPolicy } from './session-core.js';
import { secretMatches, type SessionCredential } from './session-credential.js';
import { SessionLocks, type LockedSession, type SessionLockPolicy } from './session-locks.js';
import { sessionOf } from './session-proxy.js';
import { SessionSlides } from './session-slides.js';
import { SessionWrites } from './session-writes.js';
import type { SessionRecord, SessionStore } from './session-store.js';
import {
  SessionConflictError,
  SessionGoneError,
  SessionReadOnlyError,
  SessionStoreUnavailableError,
} from './session.errors.js';
import type { Session } from './session.js';

/** What the application's options say about the operations of every session. */
export interface OperationsPolicy extends SessionPolicy {
  readonly throwOnError: boolean;
  readonly lock: SessionLockPolicy;
}

/** Carries out the verbs of sessions on a store. One operation of a session at a time, in the order of the calls. */
export class SessionOperations implements SessionActions {
  /** The latest failure of the store, whether it was thrown or kept silent. */
  lastException: Error | undefined;
  readonly #locks: SessionLocks;
  readonly #writes: SessionWrites;
  readonly #slides = new SessionSlides((core) => {
    this.#slide(core).catch((error: unknown) => this.recordFailure(core, error));
  });

  constructor(
    private readonly store: SessionStore,
    private readonly policy: OperationsPolicy,
  ) {
    this.#locks = new SessionLocks(store, policy.lock);
    this.#writes = new SessionWrites(store, policy);
  }

  /** A session that is not stored yet; of a record, one that is. */
  core(record?: SessionRecord): SessionCore {
    return new SessionCore(record, this.policy, this);
  }

  /**
   * Finds the session that a credential opens, and slides its idle timeout. Always throws if the store cannot answer.
   * @returns `undefined` if there is none, or the secret is another one.
   */
  async open(credential: SessionCredential): Promise<SessionCore | undefined> {
    const record = await this.#find(credential);
    const core = record && this.core(record);
    if (core !== undefined) this.slideInBackground(core);
    return core;
  }

  /** Whether a credential still opens a session. Does not slide its idle timeout. */
  async isLive(credential: SessionCredential): Promise<boolean> {
    return (await this.#find(credential)) !== undefined;
  }

  /**
   * With `throwOnError: false`, the empty session that a request goes on with when the store cannot be asked. It is never
   * stored. @throws the failure, with `throwOnError: true`.
   */
  detached(failure: unknown): SessionCore {
    const core = this.core();
    if (!this.recordFailure(core, failure) || this.policy.throwOnError) throw failure;
    core.status = 'detached';
    return core;
  }

  save(core: SessionCore): Promise<void> {
    return this.#save(core, false);
  }

  /**
   * Stores what a request has left to store, and ends its lock with it. @returns `undefined` where that is nothing: no key
   * is made for a session that nobody wrote to.
   */
  saveChanges(core: SessionCore): Promise<void> | undefined {
    // Found once: nothing of this session is under way, so these are what is stored.
    const changes = core.attributes.changes();
    return isChanged(core, changes) ? this.#save(core, true, changes) : undefined;
  }

  /**
   * Takes the lock of a stored session, and reads it anew under the lock; what the request changed before is kept on top.
   * @param signal ends the wait: the client has gone.
   * @throws SessionLockTimeoutError if others hold it for too long. SessionGoneError if the session was destroyed and
   * SessionConflictError if it was rotated while this request waited: the session that let it in no longer exists, and it
   * must not see the new one.
   */
  async lock(core: SessionCore, signal?: AbortSignal): Promise<void> {
    let locked: LockedSession | undefined;
    try {
      locked = await this.#locks.acquire(core.id, signal);
    } catch (error) {
      if (!this.recordFailure(core, error) || this.policy.throwOnError) throw error;
      core.status = 'detached';
      return;
    }
    core.lock = locked?.lock;
    try {
      if (locked === undefined || core.status !== 'stored') throw new SessionGoneError(core.id);
      if (locked.record.secretHash !== core.secretHash) throw new SessionConflictError(core.id);
      core.reloaded(locked.record, 'rebase');
    } catch (error) {
      core.status = 'ended';
      await this.unlock(core);
      throw error;
    }
    this.slideInBackground(core);
  }

  /** Releases the lock of a session, where it holds one. A failure is kept: the lease ends the lock then. */
  async unlock(core: SessionCore): Promise<void> {
    await core.lock?.release().catch((error: unknown) => this.recordFailure(core, error));
  }

  reload(core: SessionCore): Promise<void> {
    return this.#run(core, async () => {
      if (core.status === 'detached') return;
      const record = core.status === 'stored' ? await this.store.load(core.id) : undefined;
      if (record === undefined) throw new SessionGoneError(core.id);
      core.reloaded(record, 'reset');
    });
  }

  touch(core: SessionCore): Promise<void> {
    return this.#run(core, async () => {
      if (core.status !== 'stored') return;
      this.#slides.drop(core);
      await this.#slide(core);
    });
  }

  /**
   * Slides the expiry of a session that was just loaded, unless a save that is sent in the same turn of the event loop
   * does. A failure is kept, since the request can go on without.
   */
  slideInBackground(core: SessionCore): void {
    this.#slides.add(core);
  }

  destroy(core: SessionCore): Promise<void> {
    if (core.readOnly) return Promise.reject(new SessionReadOnlyError('destroy the session'));
    core.destroyRequested = true;
    return this.#run(core, async () => {
      if (core.status === 'detached') return;
      if (core.status === 'stored') await this.store.destroy(core.id);
      core.status = 'ended';
      core.lock?.ended();
    });
  }

  /** Ends the session that a credential opens, if there is one. */
  async end(credential: SessionCredential): Promise<void> {
    try {
      const record = await this.#find(credential);
      if (record !== undefined) await this.destroy(this.core(record));
    } catch (error) {
      if (!this.recordFailure(undefined, error) || this.policy.throwOnError) throw error;
    }
  }

  async regenerate(core: SessionCore): Promise<Session> {
    await this.destroy(core);
    const next = this.core();
    // While the store cannot be asked, whatever takes the place of a session stays as detached as that was.
    if (core.status === 'detached') next.status = 'detached';
    next.onReplaced = core.onReplaced;
    core.onReplaced?.(next);
    return sessionOf(next);
  }

  /** Keeps a failure where `lastException` shows it. @returns whether it was one of the store's. */
  recordFailure(core: SessionCore | undefined, error: unknown): error is SessionStoreUnavailableError {
    if (!(error instanceof SessionStoreUnavailableError)) return false;
    this.lastException = error;
    if (core !== undefined) core.lastException = error;
    return true;
  }

  async #find({ id, secret }: SessionCredential): Promise<SessionRecord | undefined> {
    const record = await this.store.load(id);
    return record !== undefined && secretMatches(secret, record.secretHash) ? record : undefined;
  }

  #save(core: SessionCore, release: boolean, found?: AttributeChanges): Promise<void> {
    return this.#run(core, async () => {
      if (core.status === 'ended') throw new SessionGoneError(core.id);
      const changes = found ?? core.attributes.changes();
      if (core.status === 'new') await this.#writes.create(core, changes);
      else if (core.status === 'stored' && isChanged(core, changes)) {
        await this.#update(core, changes, release);
      }
    });
  }

  async #update(core: SessionCore, changes: AttributeChanges, release: boolean): Promise<void> {
    const due = this.#slides.drop(core);
    try {
      await this.#writes.update(core, changes, release);
    } catch (error) {
      if (due) this.#slides.add(core);
      throw error;
    }
  }

  async #slide(core: SessionCore): Promise<void> {
    await this.store.touch(core.id, core.idleTimeoutInSeconds * 1000, core.expiresAt);
  }

  async #run(core: SessionCore, operation: () => Promise<void>): Promise<void> {
    try {
      await core.enqueue(operation);
    } catch (error) {
      if (!this.recordFailure(core, error) || this.policy.throwOnError) throw error;
    }
  }
}

function isChanged(core: SessionCore, changes: AttributeChanges): boolean {
  const rotates = core.rotateRequested && core.status === 'stored';
  return changes.size > 0 || rotates || core.idleChange !== undefined;
}
