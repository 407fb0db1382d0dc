import { now } from './clock.js';
import { LostRotations } from './lost-rotations.js';
import type { SessionBindings } from './session-bindings.js';
import type { AttributeChanges } from './session-attributes.js';
import type { SessionCore } from './session-core.js';
import { SessionCreates } from './session-creates.js';
import { drawSecret } from './session-credential.js';
import { withChanges } from './session-index.js';
import { timeoutsOf, type SessionPolicy } from './session-policy.js';
import type { SessionDestroyReason } from './session-observer.js';
import type {
  PreviousSecret,
  SaveOutcome,
  SessionChanges,
  SessionStore,
  SessionTimeouts,
} from './session-store.js';
import {
  SessionConflictError,
  SessionGoneError,
  SessionLockLostError,
  SessionTooLargeError,
} from './session.errors.js';
import { isRefusal, mayBeStored, type WriteStep } from './unknown-outcome.js';
import { authenticationIn } from './user-authentication.js';

const NOTHING: AttributeChanges = new Map();

/** Writes sessions to the store, each write whole or not at all, and notes the outcome in the session. */
export class SessionWrites {
  readonly lostRotations = new LostRotations((core) => core.enqueue(() => this.settle(core)));
  readonly #timeouts: SessionTimeouts;
  readonly #creates: SessionCreates;

  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionPolicy,
    private readonly bindings: SessionBindings,
  ) {
    this.#timeouts = timeoutsOf(policy);
    this.#creates = new SessionCreates(store, policy, bindings);
  }

  /** Stores a session for the first time. */
  async create(core: SessionCore, changes: AttributeChanges): Promise<void> {
    this.#assertSize(core, changes);
    await this.#creates.create(core, changes);
  }

  /**
   * Writes the changes of a stored session.
   * @param release releases the lock with the same write
   * @param touched the session was touched just before
   */
  async update(
    core: SessionCore,
    changes: AttributeChanges,
    release: boolean,
    touched: boolean,
  ): Promise<void> {
    const { lock, identity, lifetime } = core;
    const { idleChange } = lifetime;
    const schemaVersion = core.attributes.versionWith(changes);
    this.#assertSize(core, changes);
    const indexed = this.bindings.changesOf(core, changes);
    const authentication = authenticationIn(core, this.policy, indexed);
    const rotation = identity.rotateRequested ? drawSecret() : undefined;
    const changed: SessionChanges = {
      ...this.#timeouts,
      touched,
      attributes: changes,
      indexed,
      schemaVersion,
      idleTimeoutInMilliseconds: idleChange,
      secretHash: rotation === undefined ? identity.expectedHash : identity.secretHash,
      newSecretHash: rotation?.secretHash,
      previous: rotation && this.#previous(identity.secretHash),
      authentication,
      lock: lock && { token: lock.token, release },
    };
    let step: WriteStep = 'not-sent';
    let sentAt = 0;
    const write = async (): Promise<void> => {
      step = 'sent';
      sentAt = now();
      await this.#save(core, changed);
      step = 'done';
    };
    try {
      if (indexed !== undefined) await this.bindings.bind(core, indexed, write);
      else {
        if (idleChange !== undefined) await this.bindings.announce(core);
        await write();
      }
    } catch (error) {
      if (rotation !== undefined && mayBeStored(error, step)) {
        identity.mayBeRotated(rotation);
        this.lostRotations.add(core);
      }
      throw error;
    }
    if (release) lock?.ended();
    core.attributes.accept(changes, schemaVersion);
    core.indexed = withChanges(core.indexed, indexed);
    if (idleChange !== undefined) lifetime.storedIdle = idleChange;
    if (authentication !== undefined) lifetime.authenticated(authentication, sentAt);
    if (authentication === 'renewed') identity.authenticateRequested = false;
    if (rotation !== undefined) identity.rotated(rotation);
  }

  #previous(secretHash: string): PreviousSecret | undefined {
    const { rotationGraceInSeconds: grace } = this.policy;
    return grace === 0 ? undefined : { secretHash, readsUntil: now() + grace * 1000 };
  }

  /** Settles a write whose answer was lost: afterwards it has been carried out, once. */
  async settle(core: SessionCore): Promise<void> {
    const { sentCreate, identity } = core;
    const { sentRotation } = identity;
    if (sentCreate !== undefined) return this.#creates.settle(core, sentCreate);
    if (sentRotation === undefined) return;
    try {
      // Without the other changes of the request, which may not be stored: they remain changes. Without its authentication
      // too, because this may be minutes later.
      await this.#save(core, {
        ...this.#timeouts,
        attributes: NOTHING,
        secretHash: identity.secretHash,
        newSecretHash: sentRotation.secretHash,
      });
    } catch (error) {
      if (isRefusal(error)) identity.notRotated();
      throw error;
    }
    identity.rotated(sentRotation);
  }

  /** Removes a session and ends its lock. */
  async destroy(core: SessionCore, reason: SessionDestroyReason): Promise<void> {
    if (core.status === 'detached') throw core.lastException;
    // The store refuses a destroy with a secret that a rotation may have replaced.
    if (core.identity.sentRotation !== undefined) await this.settle(core).catch(ignoreGone);
    if (core.status === 'stored') await this.#remove(core, [core.identity.expectedHash], reason);
    // A create whose answer was lost may have stored it.
    const secrets = core.sentCreate?.secrets.map(({ secretHash }) => secretHash);
    if (secrets !== undefined) await this.#remove(core, secrets, reason);
    core.sentCreate = undefined;
    core.status = 'ended';
    core.lock?.ended();
  }

  async #remove(
    core: SessionCore,
    hashes: (string | undefined)[],
    reason: SessionDestroyReason,
  ): Promise<void> {
    for (const hash of hashes) {
      if ((await this.store.destroy(core.id, hash, reason)) !== 'conflict') return this.bindings.forget(core);
    }
    throw new SessionConflictError(core.id);
  }

  async #save(core: SessionCore, changes: SessionChanges): Promise<void> {
    const outcome = await this.store.save(core.id, changes);
    if (outcome !== 'saved') throw this.#refusal(core, outcome);
  }

  #refusal(core: SessionCore, outcome: Exclude<SaveOutcome, 'saved'>): Error {
    if (outcome === 'conflict') return new SessionConflictError(core.id);
    if (outcome === 'lock-lost') return new SessionLockLostError(core.id);
    core.status = 'ended';
    return new SessionGoneError(core.id);
  }

  #assertSize(core: SessionCore, changes: AttributeChanges): void {
    const { maxSessionBytes } = this.policy;
    if (core.attributes.exceeds(maxSessionBytes, changes))
      throw new SessionTooLargeError(core.id, core.attributes.sizeAfter(changes), maxSessionBytes);
  }
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof SessionGoneError)) throw error;
}
