import { LostRotations } from './lost-rotations.js';
import type { AttributeChanges } from './session-attributes.js';
import type { SentCreate, SessionCore } from './session-core.js';
import { newRotation } from './session-credential.js';
import { timeoutsOf, type SessionPolicy } from './session-policy.js';
import type { SaveOutcome, SessionChanges, SessionStore, SessionTimeouts } from './session-store.js';
import {
  SessionConflictError,
  SessionGoneError,
  SessionLockLostError,
  SessionStoreUnavailableError,
  SessionTooLargeError,
} from './session.errors.js';

const NOTHING: AttributeChanges = new Map();

/** Writes sessions to the store, each write whole or not at all, and notes the outcome in the session. */
export class SessionWrites {
  readonly lostRotations = new LostRotations((core) => core.enqueue(() => this.settle(core)));
  readonly #timeouts: SessionTimeouts;

  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionPolicy,
  ) {
    this.#timeouts = timeoutsOf(policy);
  }

  /** Stores a session for the first time. */
  create(core: SessionCore, changes: AttributeChanges): Promise<void> {
    this.#assertSize(core, changes);
    return this.#create(core, { changes, ownIdle: core.lifetime.ownIdle });
  }

  /** Writes the changes of a stored session. @param release releases the lock with the same write */
  async update(core: SessionCore, changes: AttributeChanges, release: boolean): Promise<void> {
    const { lock, identity, lifetime } = core;
    const { idleChange } = lifetime;
    this.#assertSize(core, changes);
    const rotation = identity.rotateRequested ? newRotation() : undefined;
    try {
      await this.#save(core, {
        ...this.#timeouts,
        attributes: changes,
        idleTimeoutInMilliseconds: idleChange,
        secretHash: rotation === undefined ? identity.expectedHash : identity.secretHash,
        newSecretHash: rotation?.secretHash,
        lock: lock && { token: lock.token, release },
      });
    } catch (error) {
      if (rotation !== undefined && mayBeStored(error)) {
        identity.mayBeRotated(rotation);
        this.lostRotations.add(core);
      }
      throw error;
    }
    if (release) lock?.ended();
    core.attributes.accept(changes);
    if (idleChange !== undefined) lifetime.storedIdle = idleChange;
    if (rotation !== undefined) identity.rotated(rotation);
  }

  /** Sends a write whose answer was lost again: afterwards it has been carried out, once. */
  async settle(core: SessionCore): Promise<void> {
    const { sentCreate, identity } = core;
    const { sentRotation } = identity;
    if (sentCreate !== undefined) return this.#create(core, sentCreate);
    if (sentRotation === undefined) return;
    try {
      // Without the other changes of the request, which may not be stored: they remain changes.
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
  async destroy(core: SessionCore): Promise<void> {
    if (core.status === 'detached') throw core.lastException;
    // The store refuses a destroy with a secret that a rotation may have replaced.
    if (core.identity.sentRotation !== undefined) await this.settle(core).catch(ignoreGone);
    // A create whose answer was lost may have stored it.
    if (core.status === 'stored' || core.sentCreate !== undefined) {
      const outcome = await this.store.destroy(core.id, core.identity.expectedHash);
      if (outcome === 'conflict') throw new SessionConflictError(core.id);
    }
    core.status = 'ended';
    core.lock?.ended();
  }

  async #create(core: SessionCore, sent: SentCreate): Promise<void> {
    const attributes = new Map<string, string>();
    for (const [name, text] of sent.changes) if (text !== undefined) attributes.set(name, text);
    let createdAt: number | undefined;
    try {
      createdAt = await this.store.create({
        ...this.#timeouts,
        id: core.id,
        secretHash: core.identity.secretHash,
        idleTimeoutInMilliseconds: sent.ownIdle,
        attributes,
      });
    } catch (error) {
      if (mayBeStored(error)) core.sentCreate = sent;
      throw error;
    }
    // 128 random bits do not repeat: the store is broken, or other software writes to it.
    if (createdAt === undefined) throw new SessionConflictError(core.id, idTaken(core.id));
    core.attributes.accept(sent.changes);
    core.created(createdAt, sent.ownIdle);
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

function idTaken(id: string): string {
  return `The store already holds another session with the id ${id}; nothing was written. Ids are random and do not repeat: check what else writes to this store.`;
}

// The store has decided, and nothing was written.
function isRefusal(error: unknown): boolean {
  return (
    error instanceof SessionConflictError ||
    error instanceof SessionGoneError ||
    error instanceof SessionLockLostError
  );
}

function mayBeStored(error: unknown): boolean {
  return error instanceof SessionStoreUnavailableError ? error.outcomeUnknown : !isRefusal(error);
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof SessionGoneError)) throw error;
}
