import { now } from './clock.js';
import { ForgedCredentials } from './forged-credentials.js';
import type { LostRotations } from './lost-rotations.js';
import type { SessionCore } from './session-core.js';
import { secretMatches, type SessionCredential } from './session-credential.js';
import { timeoutsOf, type SessionPolicy } from './session-policy.js';
import type { SessionRecord, SessionStore } from './session-store.js';
import { SessionConflictError, SessionGoneError } from './session.errors.js';

/** Reads sessions from the store. */
export class SessionReads {
  readonly #mostMilliseconds: number | undefined;
  readonly #forged: ForgedCredentials;

  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionPolicy,
    private readonly lostRotations: LostRotations,
  ) {
    this.#mostMilliseconds = timeoutsOf(policy).absoluteTimeoutInMilliseconds;
    this.#forged = new ForgedCredentials(policy.onForgedCredential, policy.emit);
  }

  async byId(id: string): Promise<SessionRecord | undefined> {
    return this.#live(await this.store.load(id));
  }

  /** How long a session still lives unless it is used, in milliseconds; `undefined` if the store does not tell. */
  async remaining(id: string): Promise<number | undefined> {
    return this.store.remaining?.(id);
  }

  /**
   * Reads the session of a credential. If a rotation has replaced the secret just before, the record has the hash of that
   * secret, so the store refuses what is written with it.
   * @param reports whether a wrong secret is reported
   * @returns `undefined` if the session does not exist, or has another secret
   */
  async byCredential(credential: SessionCredential, reports = false): Promise<SessionRecord | undefined> {
    const { id, secret } = credential;
    const record = this.#live(await this.store.load(id));
    if (record === undefined || secretMatches(secret, record.secretHash)) return record;
    const previous = this.#byPrevious(secret, record);
    if (previous !== undefined) return previous;
    const rotated = (await this.lostRotations.settle(id)) ? await this.byId(id) : undefined;
    if (rotated !== undefined && secretMatches(secret, rotated.secretHash)) return rotated;
    if (reports) this.#forged.add(id);
    return undefined;
  }

  #byPrevious(secret: string, record: SessionRecord): SessionRecord | undefined {
    const { previous } = record;
    if (previous === undefined || this.policy.rotationGraceInSeconds === 0) return undefined;
    if (now() >= previous.readsUntil || !secretMatches(secret, previous.secretHash)) return undefined;
    return { ...record, secretHash: previous.secretHash };
  }

  /**
   * The record, if it may be shown to the session that was loaded before.
   * @throws SessionGoneError if it does not exist. SessionConflictError if another request has replaced the secret.
   */
  expected(core: SessionCore, found: SessionRecord | undefined): SessionRecord {
    const record = this.#live(found);
    if (record === undefined) throw new SessionGoneError(core.id);
    if ((core.identity.expectedHash ?? record.secretHash) !== record.secretHash)
      throw new SessionConflictError(core.id);
    return record;
  }

  // The store ends what began under this absolute timeout or a shorter one, by its own clock. What began under
  // a longer one or none is judged by its age, until the next touch or save sets its end in the store.
  #live(record: SessionRecord | undefined): SessionRecord | undefined {
    const most = this.#mostMilliseconds;
    if (record === undefined || most === undefined) return record;
    const { createdAt, restartedAt = createdAt, expiresAt } = record;
    if (expiresAt !== undefined && expiresAt <= restartedAt + most) return record;
    return now() < restartedAt + most ? record : undefined;
  }
}
