import { newLockToken } from './session-credential.js';
import { SessionLock } from './session-lock.js';
import type { SessionRecord, SessionStore } from './session-store.js';
import { SessionLockTimeoutError } from './session.errors.js';
import { WaitingQueues } from './waiting-queue.js';

/** The application's options `lock`. */
export interface SessionLockPolicy {
  readonly leaseInMilliseconds: number;
  readonly maxHoldInMilliseconds: number;
  readonly waitTimeoutInMilliseconds: number;
  readonly maxWaiters: number;
}

/** A session as it was read under its lock. */
export interface LockedSession {
  readonly record: SessionRecord;
  readonly lock: SessionLock;
}

/**
 * Gives the lock of a session to one request at a time. The requests of this process wait in a queue here. Only the first
 * of them asks the store, where it waits behind the requests of other processes.
 */
export class SessionLocks {
  // The first waiter of a queue holds the lock, or asks the store for it.
  readonly #queues = new WaitingQueues();
  readonly #held = new Set<SessionLock>();

  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionLockPolicy,
  ) {}

  /**
   * Waits for the lock of a session and reads the session under it.
   * @param signal ends the wait: the client has gone.
   * @returns `undefined` if the session no longer exists.
   * @throws SessionLockTimeoutError if the wait timed out or was ended, or if too many requests are waiting.
   */
  async acquire(id: string, signal?: AbortSignal): Promise<LockedSession | undefined> {
    const { waitTimeoutInMilliseconds, maxWaiters } = this.policy;
    const deadline = performance.now() + waitTimeoutInMilliseconds;
    const busy = this.#queues.size(id) > 0;
    if (this.#queues.size(id) > maxWaiters) throw this.#full(id);
    const waiter = this.#queues.enter(id);
    const leave = (): void => this.#queues.leave(id, waiter);
    let held: LockedSession | undefined;
    try {
      if (busy && !(await waiter.notified(waitTimeoutInMilliseconds, signal))) throw this.#timeout(id);
      const waitInMilliseconds = maxWaiters === 0 ? 0 : Math.max(0, deadline - performance.now());
      held = await this.#ask(id, waitInMilliseconds, signal, leave);
      return held;
    } finally {
      if (held === undefined) leave();
    }
  }

  async #ask(
    id: string,
    waitInMilliseconds: number,
    signal: AbortSignal | undefined,
    onReleased: () => void,
  ): Promise<LockedSession | undefined> {
    const { leaseInMilliseconds, maxHoldInMilliseconds } = this.policy;
    const lease = { token: newLockToken(), leaseInMilliseconds };
    const record = await this.store.loadExclusive(id, { ...lease, waitInMilliseconds, signal });
    if (record === 'locked') throw this.#timeout(id);
    if (record === undefined) return undefined;
    const lock = new SessionLock(this.store, id, lease, maxHoldInMilliseconds, () => {
      this.#held.delete(lock);
      onReleased();
    });
    this.#held.add(lock);
    return { record, lock };
  }

  /** Releases the locks of requests that have not ended. The store refuses what they write after that. Never rejects. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#held].map((lock) => lock.release()));
  }

  #timeout(id: string): SessionLockTimeoutError {
    const { waitTimeoutInMilliseconds } = this.policy;
    return new SessionLockTimeoutError(
      `Session ${id} is in use by other requests, and this request waited for ${waitTimeoutInMilliseconds} ms (lock.waitTimeoutInMilliseconds). Send it again later.`,
      this.#retryAfterInSeconds,
    );
  }

  #full(id: string): SessionLockTimeoutError {
    return new SessionLockTimeoutError(
      `Session ${id} is in use, and ${this.policy.maxWaiters} requests of this process are already waiting for it (lock.maxWaiters). Send the request again later.`,
      this.#retryAfterInSeconds,
    );
  }

  // By then every current waiter has run or timed out.
  get #retryAfterInSeconds(): number {
    return Math.max(1, Math.ceil(this.policy.waitTimeoutInMilliseconds / 1000));
  }
}
