import { newLockToken } from './session-credential.js';
import type { IndexKey, SessionIndex } from './session-index.js';
import type { SessionLockPolicy } from './session-locks.js';
import { SessionLockTimeoutError } from './session.errors.js';
import { WaitingQueues } from './waiting-queue.js';

// Less than others wait by default, so that logins of a user go on after a process has died in the middle of one.
const LONGEST_LEASE_MS = 5000;
// Shares of the lease: when to renew it, and when it may have ended.
const DUE = 0.5;
const LATE = 0.75;

/**
 * Gives the lock of a user to one login at a time. The logins of this process wait in a queue here. Only the first of them
 * asks the store, where it waits behind the logins of other processes.
 */
export class LoginLocks {
  readonly #queues = new WaitingQueues();

  constructor(private readonly policy: SessionLockPolicy) {}

  /** @throws SessionLockTimeoutError if the wait timed out */
  async acquire(index: SessionIndex, key: IndexKey): Promise<LoginLock> {
    const { waitTimeoutInMilliseconds: wait } = this.policy;
    const deadline = performance.now() + wait;
    const busy = this.#queues.size(key.value) > 0;
    const waiter = this.#queues.enter(key.value);
    const lock = new LoginLock(index, key, this.policy, () => this.#queues.leave(key.value, waiter));
    try {
      if (busy && !(await waiter.notified(wait))) throw timeout(wait);
      await lock.take(Math.max(0, deadline - performance.now()));
      return lock;
    } catch (error) {
      lock.leave();
      throw error;
    }
  }
}

/** The lock of one user, held by one login. */
export class LoginLock {
  readonly #token = newLockToken();
  readonly #lease: number;
  #takenAt = -Infinity;
  #lost = false;

  constructor(
    private readonly index: SessionIndex,
    private readonly key: IndexKey,
    private readonly policy: SessionLockPolicy,
    /** Lets the next login of this process go on. */
    readonly leave: () => void,
  ) {
    this.#lease = Math.min(policy.leaseInMilliseconds, LONGEST_LEASE_MS);
  }

  /** Takes the lock, also again after its lease has ended. @throws SessionLockTimeoutError if the wait timed out */
  async take(waitInMilliseconds = this.policy.waitTimeoutInMilliseconds): Promise<void> {
    this.#takenAt = performance.now();
    this.#lost = false;
    if (!(await this.#take(waitInMilliseconds))) throw timeout(this.policy.waitTimeoutInMilliseconds);
  }

  /** Renews the lease while many sessions are counted. If it had ended before, `release` tells. */
  async keep(): Promise<void> {
    const takenAt = this.#takenAt;
    const now = performance.now();
    if (now - takenAt < this.#lease * DUE) return;
    this.#takenAt = now;
    const held = await this.#take(0);
    // Late, it may have been taken anew, and another login may have had it in between. Clocks differ, so this is early.
    if (!held || performance.now() - takenAt >= this.#lease * LATE) this.#lost = true;
  }

  /** @returns `false` if the lock was not held all the time: another login may have counted and written meanwhile */
  async release(): Promise<boolean> {
    return (await this.index.unlock(this.key, this.#token)) && !this.#lost;
  }

  #take(waitInMilliseconds: number): Promise<boolean> {
    const lease = { token: this.#token, leaseInMilliseconds: this.#lease };
    return this.index.lock(this.key, { ...lease, waitInMilliseconds });
  }
}

// Without the user's name: others may read it.
function timeout(waited: number): SessionLockTimeoutError {
  return new SessionLockTimeoutError(
    `Other logins of this user are under way, and this one waited for ${waited} ms (lock.waitTimeoutInMilliseconds). Log in again later.`,
    Math.max(1, Math.ceil(waited / 1000)),
  );
}
