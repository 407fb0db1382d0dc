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

/** The application's timeouts, in milliseconds: they go with every operation that sets when a session ends. */
export interface SessionTimeouts {
  /** Ends a session this long after its last request, unless the session has an idle timeout of its own. */
  readonly defaultIdleTimeoutInMilliseconds: number;
  /**
   * Ends a session this long after it was created, however busy it is. Counts for sessions that were created under
   * another value or none, too: the earlier end applies.
   */
  readonly absoluteTimeoutInMilliseconds?: number | undefined;
}

/** A session that is to be created. */
export interface NewSessionRecord extends SessionTimeouts {
  readonly id: string;
  readonly secretHash: string;
  /** The session's own idle timeout in milliseconds, if it differs from the application's. */
  readonly idleTimeoutInMilliseconds?: number | undefined;
  readonly attributes: ReadonlyMap<string, string>;
}

/** What one request changed in a session: applied whole or not at all. Slides the expiry like any other request. */
export interface SessionChanges extends SessionTimeouts {
  /** Attribute name to the serialized text to store, or `undefined` to remove the attribute. */
  readonly attributes: ReadonlyMap<string, string | undefined>;
  /** A new idle timeout of the session's own, in milliseconds; `undefined` keeps the stored one. */
  readonly idleTimeoutInMilliseconds?: number | undefined;
  /** SHA-256 that the secret must still have; `undefined` accepts any. */
  readonly secretHash?: string | undefined;
  /** SHA-256 of the secret that replaces it. Needs `secretHash`. */
  readonly newSecretHash?: string | undefined;
  /** The lock that this write must hold, and whether it ends with the write. `undefined` writes without a lock. */
  readonly lock?: { readonly token: string; readonly release: boolean } | undefined;
}

/** Slides the expiry of a session. */
export interface SessionTouch extends SessionTimeouts {
  /** The session's own idle timeout as it was loaded, in milliseconds. A hint: the stored one applies. */
  readonly idleTimeoutInMilliseconds?: number | undefined;
  /** When the session ends at the latest, as it was loaded. A hint: the stored value applies. */
  readonly expiresAt?: number | undefined;
  /** SHA-256 that the secret must still have; `undefined` accepts any. */
  readonly secretHash?: string | undefined;
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
 * How a save ended. Only `saved` has written anything.
 * - `saved`: every change is stored.
 * - `gone`: the session does not exist any more.
 * - `conflict`: the secret is not the expected one: another request replaced it.
 * - `lock-lost`: this token does not hold the lock any more.
 */
export type SaveOutcome = 'saved' | 'gone' | 'conflict' | 'lock-lost';

/**
 * The port behind which sessions are stored. Absence is a value, failure is an error: a method resolves to `undefined`
 * or `false` if the session does not exist, and rejects with a `SessionStoreUnavailableError` only if the store could not
 * answer.
 *
 * Every write is atomic. These can be sent again after a lost answer, and count once: a create, a destroy, a save that
 * replaces the secret, and a save that released its lock.
 */
export interface SessionStore {
  /**
   * Stores a new session, unless its id is taken.
   * @returns when it was created, in milliseconds since the epoch by the store's clock; `undefined` if another session has
   * this id (nothing is written then). The same record (id and secretHash) sent again returns the first time.
   */
  create(session: NewSessionRecord): Promise<number | undefined>;

  /** Reads a session without sliding its expiry. @returns `undefined` if it does not exist or has expired. */
  load(id: string): Promise<SessionRecord | undefined>;

  /**
   * Writes the changes of a live session and slides its expiry. Never creates one: what was destroyed stays destroyed.
   * A `newSecretHash` that is stored already means that this same save was sent before: it is `saved`, and not written again.
   */
  save(id: string, changes: SessionChanges): Promise<SaveOutcome>;

  /**
   * Slides the expiry to the session's idle timeout from now, never past its absolute end. Writes no data.
   * @returns `false` if the session does not exist, `'conflict'` if its secret is not the expected one.
   */
  touch(id: string, touch: SessionTouch): Promise<boolean | 'conflict'>;

  /**
   * Removes a session and its lock, and notifies those who wait for the lock.
   * @param secretHash SHA-256 that the secret must still have. @default any
   * @returns `false` if the session does not exist, `'conflict'` if its secret is not the expected one.
   */
  destroy(id: string, secretHash?: string): Promise<boolean | 'conflict'>;

  /**
   * Takes the lock of a session, waiting for it where another token holds it, and reads the session under it without
   * sliding its expiry. Waiters have it in the order in which they came, and at once when it is released. The token that
   * holds the lock already has it again, its lease renewed.
   * @returns `undefined` if there is no such session, `'locked'` if the wait was too short or was ended by its signal.
   * Neither holds the lock.
   */
  loadExclusive(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined>;

  /**
   * Lets a lock be held for another lease from now.
   * @param secretHash SHA-256 that the secret must still have. @default any
   * @returns `false` if this token does not hold it, or the secret is not the expected one.
   */
  renewLock(id: string, lock: SessionLease, secretHash?: string): Promise<boolean>;

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
