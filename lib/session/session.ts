import type { DeviceBinding } from './device-binding.js';
import type { SessionCookie } from './session-cookie.js';
import type { SessionData } from './session-data.js';

/** Called when an operation has ended: without an argument, or with the error. */
export type SessionCallback = (error?: unknown) => void;

/** What `session.rotate()` is told. */
export interface RotateOptions {
  /** The user has just proved who they are: with a password or a passkey, for example. @default false */
  readonly authenticated?: boolean | undefined;
}

/** The methods and properties of every session. None of these names can be an attribute. */
export interface SessionVerbs {
  /** Public name of the session: 128 random bits, base64url. Safe to log and to list: it does not open the session. */
  readonly id: string;
  /** True until the session is stored for the first time. */
  readonly isNew: boolean;
  /** When the session was created, by the store's clock. For a session that is not stored yet, when it was first used. */
  readonly createdAt: Date;
  /**
   * When the session's user last proved who they are, by the store's clock: when the session was bound to a user (see
   * `SessionRepository.findByUser`) or rotated with `{ authenticated: true }`. `undefined` if that never happened, once the
   * session has no user any more, and for a request whose secret a rotation has replaced. Changes with the next save.
   * Handlers cannot set it. `@RequireRecentAuthentication()` checks it.
   */
  readonly authenticatedAt: Date | undefined;
  /**
   * Ends this session this long after its last request. Stored with the session. Whole seconds, from 1 to the lower of the
   * options `maxIdleTimeoutInSeconds` and `absoluteTimeoutInSeconds`. @default the option `idleTimeoutInSeconds`
   *
   * @throws RangeError for anything else
   * @example `if (rememberMe) session.idleTimeoutInSeconds = 30 * 24 * 3600;`
   */
  idleTimeoutInSeconds: number;
  /**
   * When the session ends unless it is used again, by the clock of this process. Every request that touches the session
   * moves it, so for most requests it lies one idle timeout ahead. On a route with `touch: false` it is the time that is
   * left. A session of `SessionRepository.find`, which touches nothing, ends at this time at the latest.
   */
  readonly expiresAt: Date;
  /** The cookie's attributes and the lifetime, for code written for express-session. */
  readonly cookie: SessionCookie;
  /**
   * Whether the request comes from the device that the session is bound to. `undefined` without the option `deviceBound`,
   * and for sessions that are new or not of an HTTP request.
   */
  readonly deviceBound: DeviceBinding | undefined;
  /** With `throwOnError: false`, the error of the latest operation that failed silently; `undefined` if none has. */
  readonly lastException: Error | undefined;

  /**
   * Stores the changes now instead of at the end of the request.
   * @throws SessionGoneError if the session was destroyed or has expired; nothing is written then.
   */
  save(callback?: SessionCallback): Promise<void>;
  /**
   * Reads the session again and discards the changes of this request.
   * @throws SessionGoneError if the session no longer exists.
   */
  reload(callback?: SessionCallback): Promise<void>;
  /** Restarts the idle timeout now. Every request with a valid credential does so automatically. */
  touch(callback?: SessionCallback): Promise<void>;
  /**
   * Gives the session a new secret with the next save, in the same atomic write. Id and data stay, and the old credential
   * stops working. Call it at login and at every change of privilege (OWASP ASVS 5.0 V7.2.4).
   *
   * With `{ authenticated: true }` the same write sets `authenticatedAt`, and the idle and the absolute timeout start again
   * (NIST SP 800-63B-4, 5.2).
   * @throws SessionReadOnlyError on a read-only route. SessionAnswerSentError after the first byte of the answer.
   * @example `if (await passwords.match(user, password)) session.rotate({ authenticated: true });`
   */
  rotate(options?: RotateOptions): void;
  /**
   * Ends this session and puts a new, empty one with a new id on the request. This object keeps its data but refuses
   * writes.
   * @returns the new session.
   */
  regenerate(callback?: SessionCallback): Promise<Session>;
  /**
   * Removes the session. A request that loaded it before cannot write it back. This object keeps its data but refuses
   * writes.
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
