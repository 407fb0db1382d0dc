import type { SessionCookie } from './session-cookie.js';
import type { SessionData } from './session-data.js';

/** Called when a verb of the session has ended: without an argument, or with the error. */
export type SessionCallback = (error?: unknown) => void;

/** What a session does. None of these names can be an attribute. */
export interface SessionVerbs {
  /** Public name of the session: 128 random bits, base64url. Safe to log and to list; it opens nothing. */
  readonly id: string;
  /** True until the session is stored for the first time. */
  readonly isNew: boolean;
  /** When the session was created, by the store's clock; for a session that is not stored yet, now. */
  readonly createdAt: Date;
  /**
   * Ends this session so long after its last request, instead of the application's `idleTimeoutInSeconds`. Kept with
   * the session and used by every later request. Whole seconds, at least 1 and at most the options
   * `maxIdleTimeoutInSeconds` and `absoluteTimeoutInSeconds`.
   *
   * @throws RangeError for anything else
   * @example `if (rememberMe) session.idleTimeoutInSeconds = 30 * 24 * 3600;`
   */
  idleTimeoutInSeconds: number;
  /** The lifetime as express-session has it, for code that was written for that. */
  readonly cookie: SessionCookie;
  /** With `throwOnError: false`, the error of the latest operation that failed silently; else `undefined`. */
  readonly lastException: Error | undefined;

  /**
   * Stores the changes now instead of at the end of the request.
   * @throws SessionGoneError where the session was destroyed or has expired meanwhile; nothing is written then.
   */
  save(callback?: SessionCallback): Promise<void>;
  /**
   * Reads the session anew and forgets what this request changed in it.
   * @throws SessionGoneError where there is no such session any more.
   */
  reload(callback?: SessionCallback): Promise<void>;
  /** Slides the idle timeout now. Every request with a valid credential does so by itself. */
  touch(callback?: SessionCallback): Promise<void>;
  /**
   * Gives the session a new secret with the next save, in the same atomic write: same id, same data, and the old
   * credential is useless. Call it at login and at every change of privilege (OWASP ASVS 5.0 V7.2.4).
   */
  rotate(): void;
  /**
   * Ends this session and puts a new, empty one with a new id on the request. This object keeps its data and refuses
   * writes.
   * @returns the new session.
   */
  regenerate(callback?: SessionCallback): Promise<Session>;
  /**
   * Removes the session and everything in it. No request that loaded it before can write it back. This object keeps
   * its data and refuses writes.
   */
  destroy(callback?: SessionCallback): Promise<void>;
}

/**
 * What `request.session` is: the attributes of `T` and those that the application declared in `SessionData`, plus a few
 * verbs. Attributes are properties; none of them need be there.
 *
 * @example
 * ```ts
 * session.cart ??= [];
 * session.cart.push({ sku: 'tea', quantity: 1 });
 * ```
 */
export type Session<T extends object = SessionData> = SessionVerbs & Partial<SessionData & T>;
