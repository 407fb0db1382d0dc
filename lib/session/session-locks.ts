import { newLockToken } from './session-credential.js';
import { SessionLock } from './session-lock.js';
import type { SessionRecord, SessionStore } from './session-store.js';
import { SessionLockTimeoutError } from './session.errors.js';

/** How requests take turns, from the application's options. */
export interface SessionLockPolicy {
  readonly leaseInMilliseconds: number;
  readonly waitTimeoutInMilliseconds: number;
  readonly maxWaiters: number;
}

/** A session as it is under its lock. */
export interface LockedSession {
  readonly record: SessionRecord;
  readonly lock: SessionLock;
}

/**
 * Gives the lock of a session to one request at a time. Requests of this process stand in line here, in the order in
 * which they came; only the first of them asks the store, where it stands in line with those of other processes.
 */
export class SessionLocks {
  // A session is in here while a request of this process holds or asks for its lock; the list is who stands behind.
  readonly #lines = new Map<string, (() => void)[]>();

  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionLockPolicy,
  ) {}

  /**
   * Waits for the lock of a session and reads the session under it.
   * @returns `undefined` where there is no such session any more.
   * @throws SessionLockTimeoutError where that takes too long, or too many wait already.
   */
  async acquire(id: string): Promise<LockedSession | undefined> {
    const { leaseInMilliseconds, waitTimeoutInMilliseconds, maxWaiters } = this.policy;
    const deadline = performance.now() + waitTimeoutInMilliseconds;
    await this.#turn(id);
    const token = newLockToken();
    const waitInMilliseconds = maxWaiters === 0 ? 0 : Math.max(0, deadline - performance.now());
    try {
      const record = await this.store.loadExclusive(id, { token, leaseInMilliseconds, waitInMilliseconds });
      if (record === 'locked') throw this.#timeout(id);
      if (record !== undefined) {
        const lock = new SessionLock(this.store, id, token, leaseInMilliseconds, () => this.#next(id));
        return { record, lock };
      }
    } catch (error) {
      this.#next(id);
      throw error;
    }
    this.#next(id);
    return undefined;
  }

  #turn(id: string): Promise<void> | undefined {
    const line = this.#lines.get(id);
    if (line === undefined) {
      this.#lines.set(id, []);
      return undefined;
    }
    if (line.length >= this.policy.maxWaiters) throw this.#full(id);
    return new Promise((resolve, reject) => {
      const called = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.splice(line.indexOf(called), 1);
        reject(this.#timeout(id));
      }, this.policy.waitTimeoutInMilliseconds);
      line.push(called);
    });
  }

  #next(id: string): void {
    const called = this.#lines.get(id)?.shift();
    if (called === undefined) this.#lines.delete(id);
    else called();
  }

  #timeout(id: string): SessionLockTimeoutError {
    const { waitTimeoutInMilliseconds } = this.policy;
    return new SessionLockTimeoutError(
      `Session ${id} is in use by other requests, and this one has waited for ${waitTimeoutInMilliseconds} ms (lock.waitTimeoutInMilliseconds). Send it again later.`,
      this.#retryAfterInSeconds,
    );
  }

  #full(id: string): SessionLockTimeoutError {
    return new SessionLockTimeoutError(
      `Session ${id} is in use, and ${this.policy.maxWaiters} requests of this process wait for it already (lock.maxWaiters). Send the request again later.`,
      this.#retryAfterInSeconds,
    );
  }

  // By then whoever waits now has had its turn or has given up.
  get #retryAfterInSeconds(): number {
    return Math.max(1, Math.ceil(this.policy.waitTimeoutInMilliseconds / 1000));
  }
}
