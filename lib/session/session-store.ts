import type { LockRequest, SessionLease } from './lock-request.js';
import type { SessionExpiries } from './session-expiries.js';
import type { SessionIndex } from './session-index.js';
import type { SessionDestroyReason } from './session-observer.js';

export type { LockRequest, SessionLease } from './lock-request.js';

/** One session as it is stored. */
export interface SessionRecord {
  /** Public name of the record: 128 random bits, base64url. Safe to log. */
  readonly id: string;
  /** SHA-256 of the secret, base64url. Only the client knows the secret. */
  readonly secretHash: string;
  /** When the session was created, in milliseconds since the epoch by the store's clock. */
  readonly createdAt: number;
  /** The session's own idle timeout in milliseconds, or `undefined` if the application's applies. */
  readonly idleTimeoutInMilliseconds: number | undefined;
  /** When the session ends even if it is in use, in milliseconds since the epoch by the store's clock, or `undefined`. */
  readonly expiresAt: number | undefined;
  /**
   * When the user of the session last authenticated, in milliseconds since the epoch by the store's clock, or `undefined`.
   */
  readonly authenticatedAt?: number | undefined;
  /** Since when the absolute timeout counts if not since `createdAt`, in milliseconds since the epoch by the store's clock. */
  readonly restartedAt?: number | undefined;
  /** Attribute name to serialized text. */
  readonly attributes: Map<string, string>;
  /** The secret that the last rotation has replaced, if it may still read. */
  readonly previous?: PreviousSecret | undefined;
  /** Name of an index to the session's value in it; `undefined` if it has none. */
  readonly indexed?: ReadonlyMap<string, string> | undefined;
  /** What the session knows of the device that it is bound to; `undefined` if it is not bound. */
  readonly device?: string | undefined;
  /**
   * The version of the application's schema that the attributes were stored with; `undefined` if there was none. In a store
   * that does not keep it, every session counts as version 0, and `onInvalidData` gets each one at every request.
   */
  readonly schemaVersion?: number | undefined;
}

/** The secret that a rotation has replaced. */
export interface PreviousSecret {
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
  /** Until when it still reads the session, in milliseconds since the epoch. */
  readonly readsUntil: number;
}

/** The application's timeouts, in milliseconds. Every operation that sets when a session ends gets them. */
export interface SessionTimeouts {
  /** Ends a session this long after its last request, unless the session has an idle timeout of its own. */
  readonly defaultIdleTimeoutInMilliseconds: number;
  /**
   * Ends a session this long after it was created or `renewed`, even if it is in use. Applies to sessions that were created under another
   * value or none, too: the earlier end wins.
   */
  readonly absoluteTimeoutInMilliseconds?: number | undefined;
}

/**
 * What a write says of the user of a session.
 * - `bound`: the session was bound to a user: notes the time.
 * - `renewed`: its user has authenticated again: notes the time, and both timeouts start again as in a session that is
 *   created now.
 * - `ended`: the session has no user any more: forgets the time.
 */
export type AuthenticationChange = 'bound' | 'renewed' | 'ended';

/** A session to create. */
export interface NewSessionRecord extends SessionTimeouts {
  readonly id: string;
  readonly secretHash: string;
  /** The session's own idle timeout in milliseconds, if it differs from the application's. */
  readonly idleTimeoutInMilliseconds?: number | undefined;
  readonly attributes: ReadonlyMap<string, string>;
  /** The user of the session has just authenticated: `authenticatedAt` is `createdAt`. @default false */
  readonly authenticated?: boolean | undefined;
  /** Name of an index to the session's value in it. Only for a store with `index`. */
  readonly indexed?: ReadonlyMap<string, string> | undefined;
  /** The version of the application's schema, to be loaded with the session. */
  readonly schemaVersion?: number | undefined;
}

/** What one request changed in a session. The store applies all of it or nothing, and touches the session. */
export interface SessionChanges extends SessionTimeouts {
  /**
   * The session was touched under these timeouts just before, so this write need not touch it. With an idle timeout, a new
   * secret or a lock it touches the session nevertheless. @default false
   */
  readonly touched?: boolean | undefined;
  /** Attribute name to the serialized text to store, or `undefined` to remove the attribute. */
  readonly attributes: ReadonlyMap<string, string | undefined>;
  /** Name of an index to the session's new value in it, or `undefined` to remove the value. Only for a store with `index`. */
  readonly indexed?: ReadonlyMap<string, string | undefined> | undefined;
  /** The version of the application's schema that the attributes have now; `undefined` keeps the stored one. */
  readonly schemaVersion?: number | undefined;
  /** A new idle timeout of the session's own, in milliseconds; `undefined` keeps the stored one. */
  readonly idleTimeoutInMilliseconds?: number | undefined;
  /** SHA-256 that the secret must still have; `undefined` accepts any. */
  readonly secretHash?: string | undefined;
  /** SHA-256 of the secret that replaces it. Needs `secretHash`. */
  readonly newSecretHash?: string | undefined;
  /** With `newSecretHash`: the replaced secret, to be stored with it. */
  readonly previous?: PreviousSecret | undefined;
  /** What the write says of the user of the session. Its time is that of the store's clock. @default nothing */
  readonly authentication?: AuthenticationChange | undefined;
  /** The lock that this write must hold, and whether the write releases it. `undefined` writes without a lock. */
  readonly lock?: { readonly token: string; readonly release: boolean } | undefined;
}

/** Restarts the idle timeout of a session. */
export interface SessionTouch extends SessionTimeouts {
  /** The session's own idle timeout as it was loaded, in milliseconds. A hint: the stored value applies. */
  readonly idleTimeoutInMilliseconds?: number | undefined;
  /** When the session ends at the latest, as it was loaded. A hint: the stored value applies. */
  readonly expiresAt?: number | undefined;
  /** SHA-256 that the secret must still have; `undefined` accepts any. */
  readonly secretHash?: string | undefined;
  /** No request waits for this touch, and it belongs to none. For observers. @default false */
  readonly background?: boolean | undefined;
}

/** What a session knows of the device that it is bound to changes. */
export interface DeviceChange {
  /** SHA-256 that the secret must still have. */
  readonly secretHash: string;
  /** What the session must have now; `undefined` if it must have nothing. */
  readonly expected: string | undefined;
  /** What replaces it. Drawn for this write: no other write has the same text. */
  readonly device: string;
}

/**
 * How a change of the device ended. Only `bound` has written anything.
 * - `bound`: the change is stored.
 * - `gone`: the session does not exist.
 * - `conflict`: the secret is not the expected one: another request has replaced it.
 * - `taken`: the session has something else than expected: another write came first.
 */
export type DeviceOutcome = 'bound' | 'gone' | 'conflict' | 'taken';

/**
 * How a save ended. Only `saved` has written anything.
 * - `saved`: every change is stored.
 * - `gone`: the session does not exist.
 * - `conflict`: the secret is not the expected one: another request has replaced it.
 * - `lock-lost`: this token no longer holds the lock.
 */
export type SaveOutcome = 'saved' | 'gone' | 'conflict' | 'lock-lost';

/** The connection to where sessions are stored, now. */
export interface StoreConnection {
  readonly state: 'connected' | 'connecting' | 'closed';
  /** Why the connection was lost the last time, without secrets; `undefined` if it never was, or if nobody knows. */
  readonly lastError: string | undefined;
  readonly lastErrorAt: Date | undefined;
}

/**
 * Where sessions are stored. Absence is a value, failure is an error: a method resolves to `undefined` or `false` if the
 * session does not exist, and rejects with a `SessionStoreUnavailableError` only if the store could not answer.
 *
 * Every write is atomic. A create, a destroy, a save that replaces the secret and a save that releases its lock must be
 * idempotent: they are sent again if their answer is lost.
 */
export interface SessionStore {
  /**
   * Stores a new session, unless its id is taken.
   * @returns when it was created, in milliseconds since the epoch by the store's clock; `undefined` if another session has
   * this id (nothing is written then). The same record (id and secretHash), sent again, returns the same time.
   */
  create(session: NewSessionRecord): Promise<number | undefined>;

  /** Reads a session without touching it. @returns `undefined` if it does not exist or has expired. */
  load(id: string): Promise<SessionRecord | undefined>;

  /**
   * Tells how long a session still lives unless it is used. Milliseconds. Without it, `session.expiresAt` of a session that
   * is read without a touch is later than its end.
   * @returns `undefined` if it does not exist.
   */
  remaining?(id: string): Promise<number | undefined>;

  /**
   * Writes the changes of a session and touches it, unless they are `touched`. Never creates one: what was destroyed stays
   * destroyed. If `newSecretHash` is already stored, this save was sent before: returns `saved` and writes nothing.
   */
  save(id: string, changes: SessionChanges): Promise<SaveOutcome>;

  /**
   * Restarts the idle timeout, but never extends the session past its absolute end. Writes no data.
   * @returns `false` if the session does not exist, `'conflict'` if its secret is not the expected one.
   */
  touch(id: string, touch: SessionTouch): Promise<boolean | 'conflict'>;

  /**
   * Removes a session and its lock, and notifies the lock's waiters.
   * @param secretHash SHA-256 that the secret must still have. @default any
   * @param reason for observers; a store can ignore it. @default 'destroyed'
   * @returns `false` if the session does not exist, `'conflict'` if its secret is not the expected one.
   */
  destroy(id: string, secretHash?: string, reason?: SessionDestroyReason): Promise<boolean | 'conflict'>;

  /**
   * Takes the lock of a session and reads the session under it, without touching it. Waits while another token holds the
   * lock. Waiters get it in the order in which they came, as soon as it is released. A token that holds the lock already
   * gets it again, with a new lease.
   * @returns `undefined` if the session does not exist, `'locked'` if the wait timed out or its signal ended it. The token
   * does not hold the lock then.
   */
  loadExclusive(id: string, lock: LockRequest): Promise<SessionRecord | 'locked' | undefined>;

  /**
   * Renews the lease of a lock.
   * @param secretHash SHA-256 that the secret must still have. @default any
   * @returns `false` if this token does not hold it, or if the secret is not the expected one.
   */
  renewLock(id: string, lock: SessionLease, secretHash?: string): Promise<boolean>;

  /**
   * Releases the lock to its first waiter if this token holds it; otherwise does nothing. A store that cannot answer
   * rejects, and may retry in the background for at most `leaseInMilliseconds`, since the lease ends the lock then.
   */
  releaseLock(id: string, token: string, leaseInMilliseconds?: number): Promise<void>;

  /**
   * Replaces what a session knows of its device, without touching it. If the session has `change.device` already, this write
   * was sent before: returns `bound`. Optional: without it, sessions cannot be bound to devices.
   */
  bindDevice?(id: string, change: DeviceChange): Promise<DeviceOutcome>;

  /** Whether a touch costs nothing, so that a session is touched even if it was touched just before. @default false */
  readonly touchesAreFree?: boolean;

  /** The state of the connection, for health checks. Optional: `undefined` if there is none. */
  readonly connection?: StoreConnection | undefined;

  /**
   * Starts to note which sessions expire, for the event `session.expired`. Called once, before the first session. Optional:
   * without it, this event does not happen.
   * @param attributes names of attributes to keep for the event
   */
  watchExpiries?(attributes: readonly string[]): SessionExpiries;

  /** Finds sessions by user. Optional: without it, `findByUser`, `destroyByUser` and the like throw a SessionUsageError. */
  readonly index?: SessionIndex;

  /** Called once when the application shuts down, after the last request. Release connections and timers here. */
  close?(): void | Promise<void>;
}

/** The injection token of the store: `@Inject(SessionStore) store: SessionStore`. */
export const SessionStore = Symbol('SessionStore');
