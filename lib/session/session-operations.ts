import type { AttributeChanges } from './session-attributes.js';
import { LostRotations } from './lost-rotations.js';
import { SessionCore, timeoutsOf, type SessionActions, type SessionPolicy } from './session-core.js';
import { secretMatches, type SessionCredential } from './session-credential.js';
import { SessionLocks, type LockedSession, type SessionLockPolicy } from './session-locks.js';
import { sessionOf } from './session-proxy.js';
import { SessionSlides } from './session-slides.js';
import { SessionWrites } from './session-writes.js';
import type { SessionRecord, SessionStore, SessionTimeouts } from './session-store.js';
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
  readonly #timeouts: SessionTimeouts;
  readonly #slides = new SessionSlides((core) => {
    this.#slide(core).catch((error: unknown) => this.recordFailure(core, error));
  });
  readonly #lostRotations = new LostRotations((core) => core.enqueue(() => this.#writes.settle(core)));

  constructor(
    private readonly store: SessionStore,
    private readonly policy: OperationsPolicy,
  ) {
    this.#locks = new SessionLocks(store, policy.lock);
    this.#writes = new SessionWrites(store, policy);
    this.#timeouts = timeoutsOf(policy);
  }

  /** A session that is not stored yet. */
  core(): SessionCore {
    return new SessionCore(undefined, this.policy, this);
  }

  /**
   * Finds a session by its id, for code that needs no secret: what it does is not refused after a rotation.
   * @returns `undefined` if it does not exist or has expired.
   */
  async find(id: string): Promise<SessionCore | undefined> {
    const record = await this.#load(id);
    return record && new SessionCore(record, this.policy, this, true);
  }

  /**
   * Finds the session that a credential opens, and slides its idle timeout. Always throws if the store cannot answer.
   * What is done with the session is refused once another request has replaced this secret.
   * @returns `undefined` if there is none, or the secret is another one.
   */
  async open(credential: SessionCredential): Promise<SessionCore | undefined> {
    const record = await this.#find(credential);
    const core = record && new SessionCore(record, this.policy, this);
    if (core !== undefined) this.slideInBackground(core);
    return core;
  }

  /** Whether a credential still opens a session. Does not slide its idle timeout. */
  async isLive(credential: SessionCredential): Promise<boolean> {
    return (await this.#find(credential)) !== undefined;
  }

  /**
   * With `throwOnError: false`, the empty session that a request goes on with if the store cannot be asked. It is never
   * stored. @throws the failure, with `throwOnError: true`.
   */
  detached(failure: unknown): SessionCore {
    const core = this.core();
    this.recordFailure(core, failure);
    if (!this.isSilent(failure)) throw failure;
    core.status = 'detached';
    return core;
  }

  async save(core: SessionCore): Promise<void> {
    if (core.status === 'new') core.assertCanSend('save a new session');
    return this.#save(core, false);
  }

  /**
   * Stores what a request has left to store, and ends its lock with it. Changes to a session that was destroyed or has
   * expired meanwhile are dropped: logout wins. The client gets no removal cookie then: it may have another session by now
   * (a login regenerates), and would lose that one.
   * @returns `undefined` if there is nothing to store: no key is made for a session that nobody wrote to.
   * @throws SessionGoneError if the request rotates: a login that was not stored must not look like one that was.
   */
  saveChanges(core: SessionCore): Promise<void> | undefined {
    // Found once: nothing of this session is under way, so these are what is stored.
    const changes = core.attributes.changes();
    if (!isChanged(core, changes)) return undefined;
    return this.#save(core, true, changes).catch((error: unknown) => {
      if (!(error instanceof SessionGoneError) || core.rotateRequested) throw error;
    });
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
      await this.#writes.settle(core);
      locked = await this.#locks.acquire(core.id, signal);
    } catch (error) {
      this.recordFailure(core, error);
      if (!this.isSilent(error)) throw error;
      core.status = 'detached';
      return;
    }
    core.lock = locked?.lock;
    try {
      if (core.status !== 'stored') throw new SessionGoneError(core.id);
      core.reloaded(this.#expected(core, locked?.record), 'rebase');
      if (core.lock !== undefined) core.lock.secretHash = core.expectedHash;
    } catch (error) {
      core.status = 'ended';
      await this.unlock(core);
      throw error;
    }
    this.slideInBackground(core);
  }

  /** Releases the lock of a session, if it holds one. A failure is kept: the lease ends the lock then. */
  async unlock(core: SessionCore): Promise<void> {
    await core.lock?.release().catch((error: unknown) => this.recordFailure(core, error));
  }

  reload(core: SessionCore): Promise<void> {
    return this.#run(core, async () => {
      if (core.status === 'detached') return;
      await this.#writes.settle(core);
      const record = core.status === 'stored' ? await this.#load(core.id) : undefined;
      core.reloaded(this.#expected(core, record), 'reset');
    });
  }

  touch(core: SessionCore): Promise<void> {
    return this.#run(core, async () => {
      if (core.status !== 'stored') return;
      await this.#writes.settle(core);
      this.#slides.drop(core);
      if ((await this.#slide(core, core.expectedHash)) === 'conflict')
        throw new SessionConflictError(core.id);
    });
  }

  /**
   * Slides the expiry of a session that was just loaded, unless a save that is sent in the same turn of the event loop
   * does. A failure is kept, since the request can go on without.
   */
  slideInBackground(core: SessionCore): void {
    this.#slides.add(core);
  }

  /**
   * Ends a session. @throws SessionStoreUnavailableError if the store could not be asked, with `throwOnError: false` as
   * well: a logout that did not happen must not look like one that did.
   */
  async destroy(core: SessionCore): Promise<void> {
    if (core.readOnly) throw new SessionReadOnlyError('destroy the session');
    core.destroyRequested = true;
    try {
      await core.enqueue(() => this.#destroy(core));
    } catch (error) {
      this.recordFailure(core, error);
      throw error;
    }
  }

  /** Ends the session that a credential opens, if there is one. @throws SessionStoreUnavailableError as `destroy` does. */
  async end(credential: SessionCredential): Promise<void> {
    try {
      const record = await this.#find(credential);
      if (record !== undefined) await this.destroy(new SessionCore(record, this.policy, this));
    } catch (error) {
      this.recordFailure(undefined, error);
      // Replaced since: the credential opens nothing any more.
      if (!(error instanceof SessionConflictError)) throw error;
    }
  }

  async regenerate(core: SessionCore): Promise<Session> {
    core.assertCanSend('regenerate the session');
    await this.destroy(core);
    const next = this.core();
    next.onReplaced = core.onReplaced;
    core.onReplaced?.(next);
    return sessionOf(next);
  }

  /** Keeps a failure of the store where `lastException` shows it. */
  recordFailure(core: SessionCore | undefined, error: unknown): void {
    if (!(error instanceof SessionStoreUnavailableError)) return;
    this.lastException = error;
    if (core !== undefined) core.lastException = error;
  }

  /** Whether an operation passes over this error, as `throwOnError: false` asks for. */
  isSilent(error: unknown): boolean {
    return !this.policy.throwOnError && error instanceof SessionStoreUnavailableError;
  }

  /** Stops what goes on in the background. */
  close(): void {
    this.#lostRotations.close();
  }

  async #find({ id, secret }: SessionCredential): Promise<SessionRecord | undefined> {
    const record = await this.#load(id);
    if (record === undefined || secretMatches(secret, record.secretHash)) return record;
    if (!(await this.#lostRotations.settle(id))) return undefined;
    const rotated = await this.#load(id);
    return rotated !== undefined && secretMatches(secret, rotated.secretHash) ? rotated : undefined;
  }

  async #load(id: string): Promise<SessionRecord | undefined> {
    const record = await this.store.load(id);
    return record === undefined || this.#hasEnded(record) ? undefined : record;
  }

  // The store, by its own clock, ends what was created under this absolute timeout or a shorter one. What was created under
  // a longer one or none is told by its age; the first slide or save after that sets its end in the store.
  #hasEnded({ createdAt, expiresAt }: SessionRecord): boolean {
    const { absoluteTimeoutInMilliseconds: most } = this.#timeouts;
    if (most === undefined || (expiresAt !== undefined && expiresAt <= createdAt + most)) return false;
    return !(Date.now() < createdAt + most);
  }

  /** The record, if the session may still see it. */
  #expected(core: SessionCore, record: SessionRecord | undefined): SessionRecord {
    if (record === undefined || this.#hasEnded(record)) throw new SessionGoneError(core.id);
    if ((core.expectedHash ?? record.secretHash) !== record.secretHash)
      throw new SessionConflictError(core.id);
    return record;
  }

  #save(core: SessionCore, release: boolean, found?: AttributeChanges): Promise<void> {
    return this.#run(core, async () => {
      if (core.status === 'ended') throw new SessionGoneError(core.id);
      if (core.status === 'detached') return;
      const settled = core.outcomeUnknown;
      if (settled) await this.#writes.settle(core);
      const changes = (settled ? undefined : found) ?? core.attributes.changes();
      if (core.status === 'new') await this.#writes.create(core, changes);
      else if (isChanged(core, changes)) await this.#update(core, changes, release);
    });
  }

  async #update(core: SessionCore, changes: AttributeChanges, release: boolean): Promise<void> {
    const due = this.#slides.drop(core);
    try {
      await this.#writes.update(core, changes, release);
    } catch (error) {
      if (due) this.#slides.add(core);
      if (core.sentRotation !== undefined) this.#lostRotations.add(core);
      throw error;
    }
  }

  async #destroy(core: SessionCore): Promise<void> {
    if (core.status === 'detached') throw core.lastException;
    // One that may have been created is removed; one that may have been rotated has to be known by its secret.
    if (core.sentRotation !== undefined) await this.#writes.settle(core).catch(ignoreGone);
    if (core.status === 'stored' || core.sentCreate !== undefined) {
      const outcome = await this.store.destroy(core.id, core.expectedHash);
      if (outcome === 'conflict') throw new SessionConflictError(core.id);
    }
    core.status = 'ended';
    core.lock?.ended();
  }

  #slide(core: SessionCore, secretHash?: string): Promise<boolean | 'conflict'> {
    return this.store.touch(core.id, {
      ...this.#timeouts,
      idleTimeoutInMilliseconds: core.storedIdle,
      expiresAt: core.expiresAt,
      secretHash,
    });
  }

  async #run(core: SessionCore, operation: () => Promise<void>): Promise<void> {
    try {
      await core.enqueue(operation);
    } catch (error) {
      this.recordFailure(core, error);
      if (!this.isSilent(error)) throw error;
    }
  }
}

function isChanged(core: SessionCore, changes: AttributeChanges): boolean {
  const rotates = core.rotateRequested && core.status === 'stored';
  return changes.size > 0 || rotates || core.idleChange !== undefined || core.outcomeUnknown;
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof SessionGoneError)) throw error;
}
