import type { LockRequest } from './lock-request.js';
import type { SessionDestroyReason } from './session-observer.js';

/** One value of an index: `{ index: 'user', value: '42' }` for the sessions of user 42. */
export interface IndexKey {
  readonly index: string;
  readonly value: string;
}

/** A live session that was found through an index. */
export interface IndexedSession {
  readonly id: string;
  /** When the session was created, in milliseconds since the epoch by the store's clock. */
  readonly createdAt: number;
  /** When its absolute timeout started again, in milliseconds since the epoch by the store's clock. @default never */
  readonly restartedAt?: number | undefined;
  /** The session's own idle timeout in milliseconds, or `undefined` if the application's applies. */
  readonly idleTimeoutInMilliseconds: number | undefined;
  /** When the session ends unless it is used before, in milliseconds since the epoch by the store's clock. */
  readonly endsAt: number;
  /** Attribute name to serialized text, for the attributes that were asked for. */
  readonly attributes: Map<string, string>;
}

/**
 * Finds sessions by the values that are stored with them (`SessionRecord.indexed`). An entry of an index is a hint, which is
 * written before the session and may outlive it. Only the session itself says which values it has.
 */
export interface SessionIndex {
  /** Notes that a session has, or is about to have, this value. Idempotent; a shorter time does not replace a longer one. */
  add(key: IndexKey, id: string, keepInMilliseconds: number): Promise<void>;

  /** Removes the entries of sessions that were destroyed. */
  remove(key: IndexKey, ids: readonly string[]): Promise<void>;

  /** The ids of all sessions that may have this value, in batches. An id may come twice. */
  ids(key: IndexKey): AsyncIterable<readonly string[]>;

  /** Reads those of these sessions that exist and have this value, without touching them. */
  read(key: IndexKey, ids: readonly string[], attributes: readonly string[]): Promise<IndexedSession[]>;

  /**
   * Removes a session and its lock.
   * @param reason for observers; a store can ignore it. @default 'revoked'
   * @returns `false` if it does not exist, or does not have this value
   */
  destroy(key: IndexKey, id: string, reason?: SessionDestroyReason): Promise<boolean>;

  /** Notes that sessions must not be given this value by requests that began before now, except the session with this id. */
  refuseEarlier(key: IndexKey, except?: string): Promise<void>;

  /**
   * How long ago `refuseEarlier` was last called for this value, at least. Milliseconds.
   * @returns `undefined` if it was not called in the last 10 minutes, or with this session as its exception
   */
  refusedAgo(key: IndexKey, id: string): Promise<number | undefined>;

  /**
   * Takes the lock of a value, under which its sessions are counted before another one is given it. Only for the option
   * `maxSessionsPerUser`. Waits while another token holds the lock. A token that holds it already gets it again, with a new
   * lease.
   * @returns `false` if the wait timed out. The token does not hold the lock then.
   */
  lock(key: IndexKey, lock: LockRequest): Promise<boolean>;

  /** Releases the lock of a value to its first waiter. @returns `false` if this token did not hold it any more */
  unlock(key: IndexKey, token: string): Promise<boolean>;

  /** The ids of all sessions of the application, in batches. An id may come twice. */
  all(): AsyncIterable<readonly string[]>;
}

/** Name of an index to the session's new value in it, or `undefined` if it has none any more. */
export type IndexChanges = ReadonlyMap<string, string | undefined>;

/** The values of a session after a write. @returns `undefined` if it has none */
export function withChanges(
  indexed: ReadonlyMap<string, string> | undefined,
  changes: IndexChanges | undefined,
): ReadonlyMap<string, string> | undefined {
  if (changes === undefined) return indexed;
  const all = new Map<string, string | undefined>([...(indexed ?? []), ...changes]);
  const values = [...all].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return values.length === 0 ? undefined : new Map(values);
}

/** How long `SessionIndex.refusedAgo` remembers: longer than a request takes. */
export const REFUSED_FOR_MS = 10 * 60_000;
