import type { AttributeChanges } from './session-attributes.js';
import { IndexedSessions } from './indexed-sessions.js';
import { SessionBindings } from './session-bindings.js';
import { SessionCore, type SessionActions } from './session-core.js';
import type { SessionCredential } from './session-credential.js';
import { SessionLocks, type LockedSession } from './session-locks.js';
import type { SessionDestroyReason } from './session-observer.js';
import type { SessionPolicy } from './session-policy.js';
import { SessionReads } from './session-reads.js';
import type { DeviceOutcome, SessionStore } from './session-store.js';
import { SessionTouches } from './session-touches.js';
import { SessionWrites } from './session-writes.js';
import { SessionConflictError, SessionGoneError, SessionReadOnlyError } from './session.errors.js';
import { StoreFailures } from './store-failures.js';

/** Judges a session that a credential opens. Returns false if the request must not have it. */
export type SessionAdmission = (core: SessionCore) => boolean;

/** Carries out the verbs of sessions on a store: one operation of a session at a time, in the order of the calls. */
export class SessionOperations implements SessionActions {
  readonly failures: StoreFailures;
  /** Finds and ends sessions by user. */
  readonly indexed: IndexedSessions;
  readonly #bindings: SessionBindings;
  readonly #locks: SessionLocks;
  readonly #writes: SessionWrites;
  readonly #reads: SessionReads;
  readonly #touches: SessionTouches;

  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionPolicy,
    locks = new SessionLocks(store, policy.lock),
  ) {
    this.failures = new StoreFailures(policy);
    this.#locks = locks;
    this.indexed = new IndexedSessions(store, policy);
    this.#bindings = new SessionBindings(store, policy, this.failures);
    this.#writes = new SessionWrites(store, policy, this.#bindings);
    this.#reads = new SessionReads(store, policy, this.#writes.lostRotations);
    this.#touches = new SessionTouches(store, policy, this.failures);
  }

  /** A session that is not stored yet. */
  core(): SessionCore {
    return new SessionCore(undefined, this.policy, this);
  }

  /**
   * Finds a session by its id, for trusted code: its operations succeed even after another request has rotated it.
   * @returns `undefined` if it does not exist or has expired.
   */
  async find(id: string): Promise<SessionCore | undefined> {
    const record = await this.#reads.byId(id);
    return record && new SessionCore(record, this.policy, this, true);
  }

  /**
   * Finds the session that a credential opens, and touches it. Always throws if the store cannot answer. The session's
   * operations are refused once another request has replaced this secret.
   * @param admits Asked before the touch: whoever is refused must not keep the session alive. @default admits all
   * @returns `undefined` if it does not exist, has another secret, or is not admitted.
   */
  async open(credential: SessionCredential, admits?: SessionAdmission): Promise<SessionCore | undefined> {
    const record = await this.#reads.byCredential(credential, true);
    if (record === undefined) return undefined;
    const core = new SessionCore(record, this.policy, this);
    if (admits !== undefined && !admits(core)) return undefined;
    this.touchLater(core);
    return core;
  }

  /** Finds the session that a credential opens, as `open` does, without a touch. */
  async openUntouched(
    credential: SessionCredential,
    admits?: SessionAdmission,
  ): Promise<SessionCore | undefined> {
    const [record, left] = await Promise.all([
      this.#reads.byCredential(credential, true),
      this.#reads.remaining(credential.id),
    ]);
    if (record === undefined) return undefined;
    const core = new SessionCore(record, this.policy, this);
    if (admits !== undefined && !admits(core)) return undefined;
    core.lifetime.endsIn(left);
    return core;
  }

  /** Touches a session that a request has read, at the end of this event-loop turn. */
  touchLater(core: SessionCore): void {
    if (core.outdated) return;
    core.lifetime.touched();
    this.#touches.later(core);
    this.#bindings.refresh(core);
  }

  /** Whether a credential still opens a session. Does not touch it. */
  async isLive(credential: SessionCredential): Promise<boolean> {
    return (await this.#reads.byCredential(credential)) !== undefined;
  }

  /**
   * Replaces what a session knows of its device, unless another write came first.
   * @param device drawn for this write
   * @throws SessionStoreUnavailableError if the store could not answer
   */
  async bindDevice(core: SessionCore, device: string): Promise<DeviceOutcome> {
    const { secretHash } = core.identity;
    const outcome = await this.store.bindDevice!(core.id, { secretHash, expected: core.device, device });
    if (outcome === 'bound') core.device = device;
    return outcome;
  }

  /**
   * With `throwOnError: false`, the empty session that a request uses if the store cannot answer. It is never stored.
   * @throws the failure, with `throwOnError: true`.
   */
  detached(failure: unknown): SessionCore {
    const core = this.core();
    this.failures.throwUnlessSilent(failure, core);
    core.status = 'detached';
    return core;
  }

  async save(core: SessionCore): Promise<void> {
    if (core.status === 'new') core.assertCanSend('save a new session');
    return this.#save(core, false);
  }

  /**
   * Stores what a request has left to store, and releases its lock with the same write. Changes to a session that was
   * destroyed or has expired meanwhile are dropped: logout wins. The client keeps its cookie, which may be that of another
   * session by now.
   * @returns `undefined` if there is nothing to store: a session that nobody wrote to is not created.
   * @throws SessionGoneError if the request rotates: a login that was not stored must not look like one that was.
   */
  saveChanges(core: SessionCore): Promise<void> | undefined {
    // Nothing of this session is under way, so these changes are what is stored.
    const changes = core.attributes.changes();
    if (!isChanged(core, changes)) return undefined;
    const onlyMigrates = !hasRequests(core) && core.attributes.areMigration(changes);
    // Another request stores it.
    if (onlyMigrates && (core.readOnly || core.outdated)) return undefined;
    return this.#save(core, true, changes).catch((error: unknown) => {
      const isLate = onlyMigrates && error instanceof SessionConflictError;
      if (!isLate && (!(error instanceof SessionGoneError) || core.identity.changeRequested)) throw error;
    });
  }

  /**
   * Takes the lock of a stored session and reads it again under the lock. Keeps what the request changed before.
   * @param signal ends the wait: the client has gone.
   * @throws SessionLockTimeoutError if others hold the lock for too long. SessionGoneError if the session was destroyed,
   * and SessionConflictError if it was rotated while this request waited: the request must not see the new session.
   */
  async lock(core: SessionCore, signal?: AbortSignal): Promise<void> {
    let locked: LockedSession | undefined;
    try {
      await this.#writes.settle(core);
      locked = await this.#locks.acquire(core.id, signal);
    } catch (error) {
      this.failures.throwUnlessSilent(error, core);
      core.status = 'detached';
      return;
    }
    core.lock = locked?.lock;
    try {
      if (core.status !== 'stored') throw new SessionGoneError(core.id);
      core.reloaded(this.#reads.expected(core, locked?.record), 'rebase');
      if (core.lock !== undefined) core.lock.holder = core.identity;
    } catch (error) {
      core.status = 'ended';
      await this.unlock(core);
      throw error;
    }
    this.touchLater(core);
  }

  /** Releases the lock of a session, if it holds one. A failure is only recorded: the lease ends the lock then. */
  async unlock(core: SessionCore): Promise<void> {
    await core.lock?.release().catch((error: unknown) => this.failures.record(error, core));
  }

  reload(core: SessionCore): Promise<void> {
    return this.#run(core, async () => {
      if (core.status === 'detached') return;
      // It stores the session with a new credential.
      if (core.sentCreate !== undefined) core.assertCanSend('reload a session that may not be stored');
      await this.#writes.settle(core);
      const record = core.status === 'stored' ? await this.#reads.byId(core.id) : undefined;
      core.reloaded(this.#reads.expected(core, record), 'reset');
    });
  }

  touch(core: SessionCore): Promise<void> {
    return this.#run(core, async () => {
      if (core.status !== 'stored') return;
      await this.#writes.settle(core);
      await this.#touches.now(core, core.identity.expectedHash);
      core.lifetime.touched();
    });
  }

  /**
   * Ends a session. @throws SessionStoreUnavailableError if the store could not answer, even with `throwOnError: false`: a
   * failed logout must not look like a logout.
   */
  async destroy(core: SessionCore, reason: SessionDestroyReason = 'destroyed'): Promise<void> {
    if (core.readOnly) throw new SessionReadOnlyError('destroy the session');
    core.destroyRequested = true;
    try {
      await core.enqueue(() => this.#writes.destroy(core, reason));
    } catch (error) {
      this.failures.record(error, core);
      throw error;
    }
  }

  /** Ends the session that a credential opens, if there is one. @throws SessionStoreUnavailableError as `destroy` does. */
  async end(credential: SessionCredential): Promise<void> {
    try {
      const record = await this.#reads.byCredential(credential);
      if (record !== undefined) await this.destroy(new SessionCore(record, this.policy, this));
    } catch (error) {
      this.failures.record(error);
      // Another request has rotated it: the credential opens nothing any more.
      if (!(error instanceof SessionConflictError)) throw error;
    }
  }

  async regenerate(core: SessionCore): Promise<SessionCore> {
    core.assertCanSend('regenerate the session');
    await this.destroy(core, 'regenerated');
    const next = this.core();
    next.onReplaced = core.onReplaced;
    core.onReplaced?.(next);
    return next;
  }

  /** Stops the background work, and releases the locks that are still held. Never rejects. */
  async close(): Promise<void> {
    this.#writes.lostRotations.close();
    await this.#locks.close();
  }

  #save(core: SessionCore, release: boolean, found?: AttributeChanges): Promise<void> {
    return this.#run(core, async () => {
      if (core.status === 'ended') throw new SessionGoneError(core.id);
      if (core.status === 'detached') return;
      const settled = core.outcomeUnknown;
      if (settled) await this.#writes.settle(core);
      const changes = (settled ? undefined : found) ?? core.attributes.changes();
      if (core.status === 'new') await this.#writes.create(core, changes);
      else if (isChanged(core, changes)) {
        const update = (touched: boolean) => this.#writes.update(core, changes, release, touched);
        await this.#touches.save(core, update);
        core.lifetime.touched();
      }
    });
  }

  async #run(core: SessionCore, operation: () => Promise<void>): Promise<void> {
    try {
      await core.enqueue(operation);
    } catch (error) {
      this.failures.throwUnlessSilent(error, core);
    }
  }
}

function hasRequests({ identity, lifetime, outcomeUnknown }: SessionCore): boolean {
  return identity.changeRequested || lifetime.idleChange !== undefined || outcomeUnknown;
}

function isChanged(core: SessionCore, changes: AttributeChanges): boolean {
  const { rotateRequested, authenticateRequested } = core.identity;
  const rotates = authenticateRequested || (rotateRequested && core.status === 'stored');
  const versioned = core.attributes.versionWith(changes) !== undefined;
  return (
    changes.size > 0 || versioned || rotates || core.lifetime.idleChange !== undefined || core.outcomeUnknown
  );
}
