import type { AttributeChanges } from './session-attributes.js';
import {
  timeoutsOf,
  type Rotation,
  type SentCreate,
  type SessionCore,
  type SessionPolicy,
} from './session-core.js';
import { hashSecret, newSecret } from './session-credential.js';
import type { SaveOutcome, SessionChanges, SessionStore, SessionTimeouts } from './session-store.js';
import {
  SessionConflictError,
  SessionGoneError,
  SessionLockLostError,
  SessionStoreUnavailableError,
  SessionTooLargeError,
} from './session.errors.js';

const NOTHING: AttributeChanges = new Map();

/** Writes to the store what changed in a session, whole or not at all, and notes in the session what became of it. */
export class SessionWrites {
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
    return this.#create(core, { changes, ownIdle: core.ownIdle });
  }

  /** Writes the changes of a session that is stored; `release` ends its lock with them. */
  async update(core: SessionCore, changes: AttributeChanges, release: boolean): Promise<void> {
    const { lock, idleChange, expectedHash } = core;
    this.#assertSize(core, changes);
    const rotation = core.rotateRequested ? newRotation() : undefined;
    try {
      await this.#save(core, {
        ...this.#timeouts,
        attributes: changes,
        idleTimeoutInMilliseconds: idleChange,
        secretHash: rotation === undefined ? expectedHash : core.secretHash,
        newSecretHash: rotation?.secretHash,
        lock: lock && { token: lock.token, release },
      });
    } catch (error) {
      if (rotation !== undefined && mayBeStored(error)) core.mayBeRotated(rotation);
      throw error;
    }
    if (release) lock?.ended();
    core.attributes.accept(changes);
    core.saved(idleChange);
    if (rotation !== undefined) core.rotated(rotation);
  }

  /** Sends a write whose answer was lost again: afterwards it has been carried out, once. */
  async settle(core: SessionCore): Promise<void> {
    const { sentCreate, sentRotation } = core;
    if (sentCreate !== undefined) return this.#create(core, sentCreate);
    if (sentRotation === undefined) return;
    try {
      // The secret is enough to tell. What else the request changed is still a change: it may not be stored.
      await this.#save(core, {
        ...this.#timeouts,
        attributes: NOTHING,
        secretHash: core.secretHash,
        newSecretHash: sentRotation.secretHash,
      });
    } catch (error) {
      if (isRefusal(error)) core.notRotated();
      throw error;
    }
    core.rotated(sentRotation);
  }

  async #create(core: SessionCore, sent: SentCreate): Promise<void> {
    const attributes = new Map<string, string>();
    for (const [name, text] of sent.changes) if (text !== undefined) attributes.set(name, text);
    let createdAt: number | undefined;
    try {
      createdAt = await this.store.create({
        ...this.#timeouts,
        id: core.id,
        secretHash: core.secretHash,
        idleTimeoutInMilliseconds: sent.ownIdle,
        attributes,
      });
    } catch (error) {
      if (mayBeStored(error)) core.sentCreate = sent;
      throw error;
    }
    // Two draws of 128 random bits do not meet: this store is broken, or takes ids from elsewhere.
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
  return `The store holds another session with the id ${id} already; nothing was written. Ids are random and do not repeat: check what else writes to this store.`;
}

function newRotation(): Rotation {
  const secret = newSecret();
  return { secret, secretHash: hashSecret(secret) };
}

// The store has looked, and nothing was written.
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
