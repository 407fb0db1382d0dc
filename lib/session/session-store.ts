/** What a store holds of one session: the names and serialized texts of its attributes, and what rules its life. */
export interface SessionRecord {
  /** Public name of the record: 128 random bits, base64url. Safe to log. */
  readonly id: string;
  /** SHA-256 of the secret, base64url. The secret itself is known to the client alone. */
  readonly secretHash: string;
  /** When the session was created, in milliseconds since the epoch, by the store's clock. */
  readonly createdAt: number;
  /** The session's own idle timeout in milliseconds, or `undefined` where the application's default applies. */
  readonly idleTimeoutInMilliseconds: number | undefined;
  /** When the session ends however busy it is, in milliseconds since the epoch by the store's clock, or `undefined`. */
  readonly expiresAt: number | undefined;
  /** Attribute name to serialized text. */
  readonly attributes: Map<string, string>;
}

/** A session that is to be created. */
export interface NewSessionRecord {
  readonly id: string;
  readonly secretHash: string;
  /** The application's idle timeout in milliseconds. */
  readonly defaultIdleTimeoutInMilliseconds: number;
  /** The session's own idle timeout in milliseconds, where it differs from the application's. */
  readonly idleTimeoutInMilliseconds?: number | undefined;
  /** How long the session may live at most, in milliseconds from now. */
  readonly absoluteTimeoutInMilliseconds?: number | undefined;
  readonly attributes: ReadonlyMap<string, string>;
}

/** What one request changed in a session: applied whole or not at all. */
export interface SessionChanges {
  /** Attribute name to the serialized text to store, or `undefined` to remove the attribute. */
  readonly attributes: ReadonlyMap<string, string | undefined>;
  /** The application's idle timeout in milliseconds; a save slides the expiry like any other request. */
  readonly defaultIdleTimeoutInMilliseconds: number;
  /** A new idle timeout of the session's own, in milliseconds; `undefined` leaves it as it is. */
  readonly idleTimeoutInMilliseconds?: number | undefined;
  /** Replaces the secret, but only while it is still the one that this request came with. */
  readonly rotate?: { readonly from: string; readonly to: string } | undefined;
  /** The lock that this write must hold, and whether it ends with the write. `undefined` writes without a lock. */
  readonly lock?: { readonly token: string; readonly release: boolean } | undefined;
}

/** Who holds a lock, and for how long unless it is renewed. */
export interface SessionLease {
  /** 128 random bits, drawn for this one holder. */
  readonly token: string;
  readonly leaseInMilliseconds: number;
}

/** A lock that is asked for. */
export interface LockRequest extends SessionLease {
  /** How long to wait while another token holds it. Milliseconds; 0 does not wait. */
  readonly waitInMilliseconds: number;
  /** Ends the wait early: nobody needs the lock any more. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * How a save ended.
 * - `saved`: every change is stored.
 * - `gone`: there is no such session any more; nothing was written.
 * - `conflict`: the secret was rotated by somebody else first; nothing was written.
 * - `lock-lost`: the lock is not held by this token any more; nothing was written.
 */
export type SaveOutcome = 'saved' | 'gone' | 'conflict' | 'lock-lost';

/**
 * The port behind which sessions are stored. Absence is a value, failure is an error: a method resolves to `undefined`
 * or `false` where there is no such session, and rejects with a `SessionStoreUnavailableError` only where the store
 * could not answer.
 *
 * Every write is atomic, and safe to send twice: a second one that meets the outcome of the first changes nothing more.
 * That holds for a save that released its lock, too: sent again it is `saved`, not `lock-lost`, although the lock is gone.
 */
export interface SessionStore {
  /**
   * Stores a new session, unless its id is taken.
   * @returns when it was created, in milliseconds since the epoch by the store's clock; `undefined` where another
   * session has this id (nothing is written then). The same record (id and secretHash) sent again gives the first time.
   */
  create(session: NewSessionRecord): Promise<number | undefined>;

  /** Reads a session without sliding its expiry. @returns `undefined` where there is none or it has expired. */
  load(id: string): Promise<SessionRecord | undefined>;

  /** Writes the changes of a live session and slides its expiry. Never creates one: what was destroyed stays destroyed. */
  save(id: string, changes: SessionChanges): Promise<SaveOutcome>;

  /**
   * Slides the expiry to `idleTimeoutInMilliseconds` from now, never past `expiresAt`. Writes no data.
   * @returns `false` where there is no such session.
   */
  touch(id: string, idleTimeoutInMilliseconds: number, expiresAt: number | undefined): Promise<boolean>;

  /** Removes a session, its lock included; who waits for that is told. @returns `false` where there was no session. */
  destroy(id: string): Promise<boolean>;

  /**
   * Takes the lock of a session, waiting for it where another token holds it, and reads the session under it without
   * sliding its expiry. Waiters have it in the order in which they came, and at once when it is released. The token that
   * holds the lock already has it again, its lease renewed.
   * @returns `undefined` if there is no such session, `'locked'` if the wait was too short or was ended by its signal.
   * Neither holds the lock.
   */
  loadExclusive(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined>;

  /** Lets a lock be held for another lease from now. @returns `false` where this token does not hold it. */
  renewLock(id: string, lock: SessionLease): Promise<boolean>;

  /**
   * Hands the lock to its first waiter, if this token holds it; does nothing otherwise. A store that cannot answer
   * rejects, and may try again in the background for as long as the lock can last: `leaseInMilliseconds`.
   */
  releaseLock(id: string, token: string, leaseInMilliseconds?: number): Promise<void>;

  /** Called once when the application shuts down, after the last request. Release connections and timers here. */
  close?(): void | Promise<void>;
}

/** Token of the store in use, under the name of its interface: `@Inject(SessionStore) store: SessionStore`. */
export const SessionStore = Symbol('SessionStore');
