import type { ListedSession } from './indexed-sessions.js';
import { USER_INDEX } from './index-value.js';
import { isSessionId, newSessionId, parseCredential } from './session-credential.js';
import { SessionOperations } from './session-operations.js';
import type { SessionPolicy } from './session-policy.js';
import { coreOf, sessionOf } from './session-proxy.js';
import type { SessionStore, StoreConnection } from './session-store.js';
import type { SessionData } from './session-data.js';
import type { RotateOptions, Session } from './session.js';

/** What `destroyByUser` leaves. */
export interface DestroyOptions {
  /** A session that stays, or its id: that of the request, for example. */
  readonly except?: Session<object> | string | undefined;
}

/**
 * Creates, finds and ends sessions: for guards and services, and for code outside a request (a job, a script). In a
 * request, use `request.session`, which is stored automatically.
 *
 * With `throwOnError: false`, an operation that fails because the store does not answer resolves to nothing, and
 * `lastException` says why. `destroy` still rejects: a failed logout is an error.
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

  /** @param operations shared with the requests. @default its own */
  constructor(
    private readonly store: SessionStore,
    policy: SessionPolicy,
    operations?: SessionOperations,
  ) {
    this.#operations = operations ?? new SessionOperations(store, policy);
  }

  /** The error of the latest operation that the store failed to carry out; `undefined` if none has failed. */
  get lastException(): Error | undefined {
    return this.#operations.failures.latest;
  }

  /** When `lastException` happened. */
  get lastExceptionAt(): Date | undefined {
    return this.#operations.failures.latestAt;
  }

  /** The connection to the store; `undefined` if it has none, as the store in memory. */
  get connection(): StoreConnection | undefined {
    return this.store.connection;
  }

  /**
   * Asks the store for an answer: for health checks. Rejects even with `throwOnError: false`.
   * @throws SessionStoreUnavailableError if the store cannot answer
   * @example await sessions.ping();
   */
  async ping(): Promise<void> {
    // A read of a session that does not exist works with every store, and needs no other rights than sessions do.
    await this.store.load(newSessionId());
  }

  /** Creates a new, empty session. Nothing is stored until `save`. */
  create<T extends object = SessionData>(): Session<T> {
    return sessionOf(this.#operations.core());
  }

  /**
   * Finds a session by its public id, for trusted code: it needs no secret, does not touch the session, and operations on
   * it succeed even after another request has rotated it.
   * @returns `undefined` if it does not exist or has expired, or if `id` is not a session id (22 characters of base64url).
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
   * Finds the session of a client's credential, `<id>.<secret>`, and touches it. Once another request has rotated the
   * session, operations on it throw SessionConflictError.
   * @returns `undefined` if the credential is unknown, expired or malformed, or if its secret is wrong.
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
   * Stores the changes of a session. Creates a session that is new.
   * @throws SessionGoneError if it was destroyed or has expired, SessionConflictError if another request rotated it (unless
   * `find` returned it), SessionDataError if a value cannot be stored, SessionTooLargeError if it exceeds `maxSessionBytes`:
   * nothing is written then. SessionStoreUnavailableError if the store did not answer: the changes may have been stored
   * (see its `outcomeUnknown`).
   */
  save(session: Session<object>): Promise<void> {
    return this.#operations.save(coreOf(session));
  }

  /** Restarts the idle timeout and writes nothing else. */
  touch(session: Session<object>): Promise<void> {
    return this.#operations.touch(coreOf(session));
  }

  /**
   * Gives the session a new secret and stores its changes, in one atomic write. The old credential stops working.
   * @param options as for `session.rotate()`
   * @returns the new credential, for the client; `undefined` if the store failed silently (`throwOnError: false`).
   * @throws SessionConflictError if another request rotated the session first, SessionGoneError if it was destroyed or has
   * expired: nothing is written then. SessionStoreUnavailableError if the store did not answer: give the client what
   * `credentialOf` returns, because the old credential may no longer work.
   */
  async rotate(session: Session<object>, options?: RotateOptions): Promise<string | undefined> {
    session.rotate(options);
    await this.save(session);
    // Still requested: the store failed silently.
    return coreOf(session).identity.rotateRequested ? undefined : this.credentialOf(session);
  }

  /**
   * Returns the credential that the client needs if this object created or rotated the session; otherwise `undefined`. If
   * the answer to the create or rotation was lost, returns the credential that works if the store has carried it out; a
   * rotation is retried in the background, and the next save of a new session replaces its credential.
   */
  credentialOf(session: Session<object>): string | undefined {
    const core = coreOf(session);
    return core.status === 'stored' || core.outcomeUnknown ? core.newCredential : undefined;
  }

  /**
   * Removes a session. A request that loaded it before cannot write it back. An id needs no secret; a text that is not a
   * session id does nothing.
   * @throws SessionStoreUnavailableError if the store did not answer, even with `throwOnError: false`.
   * SessionConflictError if another request rotated this session (unless `find` returned it).
   */
  async destroy(session: Session<object> | string): Promise<void> {
    if (typeof session !== 'string') return this.#operations.destroy(coreOf(session));
    if (isSessionId(session)) await this.#orRecorded(() => this.store.destroy(session));
  }

  /**
   * Lists the live sessions of a user, newest use first: what a page "your devices" shows. A session belongs to the user that
   * its attribute `user` names, or to whom the option `indexes.user` says.
   * @returns an empty list if there are none
   * @throws SessionStoreUnavailableError if the store cannot answer. SessionUsageError if it has no index.
   * @example const devices = await sessions.findByUser('42');
   */
  findByUser(user: string | number): Promise<ListedSession[]> {
    return this.findByIndex(USER_INDEX, user);
  }

  /**
   * Ends all sessions of a user, or all but one: after a change of the password (OWASP ASVS 5.0 V7.4.3), or for "log out
   * everywhere". A login that runs meanwhile does not escape: its request is refused with a SessionConflictError. With one
   * exception: if a process ends right between two steps of such a login, the session stays; call it again then.
   * @returns how many sessions it ended
   * @throws SessionStoreUnavailableError if the store did not answer, even with `throwOnError: false`: some sessions may be
   * alive. SessionUsageError if the store has no index.
   * @example await sessions.destroyByUser('42', { except: session });
   */
  destroyByUser(user: string | number, options?: DestroyOptions): Promise<number> {
    return this.destroyByIndex(USER_INDEX, user, options);
  }

  /**
   * Lists the live sessions that have this value in one of the option `indexes`, newest use first.
   * @returns an empty list if there are none
   * @throws as `findByUser`. SessionUsageError if there is no index of this name.
   */
  async findByIndex(index: string, value: string | number): Promise<ListedSession[]> {
    return (await this.#orNothing(() => this.#operations.indexed.find(index, value))) ?? [];
  }

  /**
   * Ends the sessions that have this value in one of the option `indexes`: for a back-channel logout of OpenID Connect, for
   * example.
   * @returns how many sessions it ended
   * @throws as `destroyByUser`. SessionUsageError if there is no index of this name.
   * @example await sessions.destroyByIndex('idp', logoutToken.sid);
   */
  destroyByIndex(index: string, value: string | number, { except }: DestroyOptions = {}): Promise<number> {
    const kept = typeof except === 'object' ? except.id : except;
    return this.#orRecorded(() => this.#operations.indexed.destroy(index, value, kept));
  }

  /**
   * Ends every session of this application: those that exist when it is called. Reads all keys of the store in batches.
   * @returns how many sessions it ended
   * @throws as `destroyByUser`
   */
  destroyAll(): Promise<number> {
    return this.#orRecorded(() => this.#operations.indexed.destroyAll());
  }

  async #orRecorded<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
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
