/**
 * What the store of sessions is asked to do.
 * - `load`: a request reads its session. `remaining`: how long it still lives.
 * - `create`, `save`, `destroy`, `touch`: as they say. `rotate` is a save that replaces the secret.
 * - `lock`: a request waits for its session on a route of state `exclusive`, in the queue of this process and in the store,
 *   and reads it. `renewLock` and `releaseLock` belong to the lock that it holds then.
 * - `bindDevice`: keeps the key of a device, or counts a proof of it.
 * - `find`: reads lists of sessions, a batch at a time. `index`: keeps the index of users and the indexes of your own.
 */
export type SessionOperation =
  | 'load'
  | 'remaining'
  | 'create'
  | 'save'
  | 'rotate'
  | 'touch'
  | 'destroy'
  | 'lock'
  | 'renewLock'
  | 'releaseLock'
  | 'bindDevice'
  | 'find'
  | 'index';

/**
 * How an operation ended.
 * - `load`, `remaining`, `lock`: `found` or `absent`. `lock` also `locked`: the wait timed out, or the client left.
 * - `create`: `created`, or `taken` if another session has this id.
 * - `save`, `rotate`: `saved`; refused, and nothing was written: `gone`, `conflict`, `lock-lost`.
 * - `touch`: `touched`, `gone` or `conflict`. `destroy`: `destroyed`, `absent` or `conflict`.
 * - `renewLock`: `renewed` or `lock-lost`.
 * - `bindDevice`: `bound`; refused, and nothing was written: `gone`, `conflict`, `taken`.
 * - the others: `done`.
 * - any: `error`. `errorCode` says which.
 */
export type SessionOutcome =
  | 'found'
  | 'absent'
  | 'locked'
  | 'created'
  | 'taken'
  | 'saved'
  | 'gone'
  | 'conflict'
  | 'lock-lost'
  | 'touched'
  | 'destroyed'
  | 'renewed'
  | 'bound'
  | 'done'
  | 'error';

/**
 * Why a session is destroyed.
 * - `destroyed`: by `destroy()` of the session or of `SessionRepository`, mostly a logout.
 * - `regenerated`: by `regenerate()`.
 * - `revoked`: with others, by `destroyByUser`, `destroyByIndex` or `destroyAll`.
 * - `limited`: the user logged in once more than `maxSessionsPerUser` allows.
 */
export type SessionDestroyReason = 'destroyed' | 'regenerated' | 'revoked' | 'limited';

/** An operation that begins. Contains no secret, no value and no user. */
export interface ObservedOperation {
  readonly operation: SessionOperation;
  /** The option `applicationName`: tells registrations apart. */
  readonly applicationName: string;
  /** Where sessions are stored; `'other'` for a store of your own. */
  readonly store: 'redis' | 'memory' | 'other';
  /** The first 8 characters of the session's id; `undefined` if the operation is about several sessions. */
  readonly session: string | undefined;
  /** Only of `destroy`. */
  readonly reason: SessionDestroyReason | undefined;
  /**
   * No request waits for the operation, and it belongs to none: a touch, which is sent once for all requests of a turn of the
   * event loop that read this session.
   */
  readonly background: boolean;
}

/** How an operation ended, and what it cost. Contains no secret, no value and no user. */
export interface ObservedResult {
  readonly outcome: SessionOutcome;
  /** Of the error: a `SessionErrorCode`, or the name of another error; `undefined` if there was none. */
  readonly errorCode: string | undefined;
  /** From the beginning to the end, with retries and waits. Milliseconds. */
  readonly milliseconds: number;
  /** 1, and 1 more for each retry (`retryTimeoutInMilliseconds`). */
  readonly attempts: number;
  /** Names and serialized values of the attributes that were read or written. Bytes. */
  readonly bytes: number;
  /** Commands that were sent to Redis; a script is one. 0 for other stores. */
  readonly commands: number;
  /** Exchanges with Redis, one after the other: commands that are sent together are one. 0 for other stores. */
  readonly roundTrips: number;
}

/**
 * Hears of every operation on the store of sessions: for metrics, traces and logs. List it in the option `observers`.
 *
 * It is called in the asynchronous context of the request that caused the operation, so an `AsyncLocalStorage` of yours tells
 * requests apart. Operations with `background: true` are called in none. What it throws is ignored, and logged once.
 *
 * @example
 * ```ts
 * class SlowOperations implements SessionObserver {
 *   begin({ operation }: ObservedOperation) {
 *     return ({ milliseconds }: ObservedResult) => {
 *       if (milliseconds > 100) console.warn(`${operation} took ${milliseconds} ms`);
 *     };
 *   }
 * }
 * ```
 */
export interface SessionObserver {
  /**
   * Called when an operation begins.
   * @returns what is called when it ends; nothing if the observer does not care
   */
  begin(operation: ObservedOperation): ((result: ObservedResult) => void) | undefined | void;
}
