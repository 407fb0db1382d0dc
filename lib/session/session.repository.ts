import { isSessionId, newSessionId, parseCredential } from './session-credential.js';
import { SessionOperations } from './session-operations.js';
import type { SessionPolicy } from './session-policy.js';
import { coreOf, sessionOf } from './session-proxy.js';
import type { SessionStore } from './session-store.js';
import type { SessionData } from './session-data.js';
import type { Session } from './session.js';

/**
 * Creates, finds and ends sessions: for guards and services, and for code outside of a request (a job, a script).
 * Inside of a request `request.session` is there already and is stored by itself.
 *
 * With `throwOnError: false` an operation that the store could not carry out resolves as if there were nothing, and
 * `lastException` tells why. Only `destroy` rejects all the same: a logout that did not happen is an error.
 *
 * @example
 * ```ts
 * const session = await sessions.find(id);
 * if (session) {
 *   session.notice = 'Your order was sent.';
 *   await sessions.save(session);
 * }
 * ```
 */
export class SessionRepository {
  readonly #operations: SessionOperations;

  /** @param operations those that requests share with this repository. @default operations of its own */
  constructor(
    private readonly store: SessionStore,
    policy: SessionPolicy,
    operations?: SessionOperations,
  ) {
    this.#operations = operations ?? new SessionOperations(store, policy);
  }

  /** The error of the most recent operation that the store could not carry out; `undefined` where none has failed. */
  get lastException(): Error | undefined {
    return this.#operations.failures.latest;
  }

  /**
   * Asks the store for an answer: for health checks. With `throwOnError: false` it rejects all the same.
   * @throws SessionStoreUnavailableError if the store cannot answer
   * @example await sessions.ping();
   */
  async ping(): Promise<void> {
    // A read of a session that does not exist works with every store, and needs no other rights than sessions do.
    await this.store.load(newSessionId());
  }

  /** A new, empty session. Nothing is stored until `save`. */
  create<T extends object = SessionData>(): Session<T> {
    return sessionOf(this.#operations.core());
  }

  /**
   * Finds a session by its public id, for trusted code: no secret is asked for, the idle timeout does not slide, and what
   * is done with it is not refused after another request has rotated it.
   * @returns `undefined` if there is none, it has expired, or `id` is not the id of a session: 22 characters of base64url.
   * @throws SessionStoreUnavailableError if the store cannot answer: an outage is not a logout.
   */
  find<T extends object = SessionData>(id: string): Promise<Session<T> | undefined> {
    return this.#orNothing(async () => {
      if (!isSessionId(id)) return undefined;
      const core = await this.#operations.find(id);
      return core && sessionOf(core);
    });
  }

  /**
   * Finds the session that a client presents `<id>.<secret>` for, and slides its idle timeout. What is done with the
   * session throws SessionConflictError once another request has rotated it.
   * @returns `undefined` for an unknown, expired or malformed credential and for a wrong secret.
   * @throws SessionStoreUnavailableError if the store cannot answer.
   */
  findByCredential<T extends object = SessionData>(credential: string): Promise<Session<T> | undefined> {
    return this.#orNothing(async () => {
      const parsed = parseCredential(credential);
      const core = parsed && (await this.#operations.open(parsed));
      return core && sessionOf(core);
    });
  }

  /**
   * Stores what changed in a session; a new one is created.
   * @throws SessionGoneError if it was destroyed or has expired meanwhile, SessionConflictError if another request rotated
   * it (unless `find` gave it), SessionDataError if a value cannot be stored, SessionTooLargeError beyond
   * `maxSessionBytes`: nothing is written then. SessionStoreUnavailableError if the store did not answer: the changes may
   * have been stored all the same (see its `outcomeUnknown`).
   */
  save(session: Session<object>): Promise<void> {
    return this.#operations.save(coreOf(session));
  }

  /** Slides the idle timeout from now and writes nothing else. */
  touch(session: Session<object>): Promise<void> {
    return this.#operations.touch(coreOf(session));
  }

  /**
   * Gives the session a new secret and stores its changes, in one atomic write; the old credential is useless then.
   * @returns the new credential, for the client; `undefined` if the store failed silently (`throwOnError: false`).
   * @throws SessionConflictError if another request rotated the session first, SessionGoneError if it was destroyed or has
   * expired: nothing is written then. SessionStoreUnavailableError if the store did not answer: give the client what
   * `credentialOf` returns then, since the old credential may be useless already.
   */
  async rotate(session: Session<object>): Promise<string | undefined> {
    session.rotate();
    await this.save(session);
    // Still asked for: the store failed silently.
    return coreOf(session).identity.rotateRequested ? undefined : this.credentialOf(session);
  }

  /**
   * The credential that a client needs for a session which this object created or rotated; otherwise `undefined`. After a
   * create or rotation whose answer was lost, the credential that the session has if the write was carried out; a rotation
   * is sent again in the background.
   */
  credentialOf(session: Session<object>): string | undefined {
    const core = coreOf(session);
    return core.status === 'stored' || core.outcomeUnknown ? core.newCredential : undefined;
  }

  /**
   * Ends a session: its data is removed, and no one who loaded it before can write it back. An id needs no secret; a text
   * that is not the id of a session does nothing.
   * @throws SessionStoreUnavailableError if the store did not answer, with `throwOnError: false` as well;
   * SessionConflictError if another request rotated this session (unless `find` gave it).
   */
  async destroy(session: Session<object> | string): Promise<void> {
    if (typeof session !== 'string') return this.#operations.destroy(coreOf(session));
    if (!isSessionId(session)) return;
    try {
      await this.store.destroy(session);
    } catch (error) {
      this.#operations.failures.record(error);
      throw error;
    }
  }

  async #orNothing<T>(operation: () => Promise<T>): Promise<T | undefined> {
    try {
      return await operation();
    } catch (error) {
      this.#operations.failures.throwUnlessSilent(error);
      return undefined;
    }
  }
}
