import type { AttributeChanges } from './session-attributes.js';
import type { SessionCore, SessionPolicy } from './session-core.js';
import { hashSecret, newSecret } from './session-credential.js';
import type { SessionStore } from './session-store.js';
import {
  SessionConflictError,
  SessionGoneError,
  SessionLockLostError,
  SessionTooLargeError,
} from './session.errors.js';

/** Writes to the store what changed in a session, whole or not at all, and tells the session what became of it. */
export class SessionWrites {
  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionPolicy,
  ) {}

  /** Stores a session for the first time. */
  async create(core: SessionCore, changes: AttributeChanges): Promise<void> {
    this.#assertSize(core, changes);
    const attributes = new Map<string, string>();
    for (const [name, text] of changes) if (text !== undefined) attributes.set(name, text);
    const { absoluteTimeoutInSeconds } = this.policy;
    const { ownIdle } = core;
    const createdAt = await this.store.create({
      id: core.id,
      secretHash: core.secretHash,
      defaultIdleTimeoutInMilliseconds: this.policy.idleTimeoutInSeconds * 1000,
      idleTimeoutInMilliseconds: ownIdle,
      absoluteTimeoutInMilliseconds:
        absoluteTimeoutInSeconds === undefined ? undefined : absoluteTimeoutInSeconds * 1000,
      attributes,
    });
    // Two draws of 128 random bits do not meet: this store is broken, or takes ids from elsewhere.
    if (createdAt === undefined) throw new SessionConflictError(core.id, idTaken(core.id));
    core.attributes.accept(changes);
    core.created(createdAt, ownIdle);
  }

  /** Writes the changes of a session that is stored; `release` ends its lock with them. */
  async update(core: SessionCore, changes: AttributeChanges, release: boolean): Promise<void> {
    const { lock } = core;
    this.#assertSize(core, changes);
    const { idleChange } = core;
    const rotated = core.rotateRequested ? newRotation() : undefined;
    const outcome = await this.store.save(core.id, {
      attributes: changes,
      defaultIdleTimeoutInMilliseconds: this.policy.idleTimeoutInSeconds * 1000,
      idleTimeoutInMilliseconds: idleChange,
      rotate: rotated && { from: core.secretHash, to: rotated.secretHash },
      lock: lock && { token: lock.token, release },
    });
    switch (outcome) {
      case 'saved':
        if (release) lock?.ended();
        core.attributes.accept(changes);
        return core.saved(idleChange, rotated);
      case 'gone':
        core.status = 'ended';
        throw new SessionGoneError(core.id);
      case 'conflict':
        throw new SessionConflictError(core.id);
      case 'lock-lost':
        throw new SessionLockLostError(core.id);
    }
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

function newRotation(): { secret: string; secretHash: string } {
  const secret = newSecret();
  return { secret, secretHash: hashSecret(secret) };
}
