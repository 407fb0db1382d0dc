import { IntegerFrom } from './expectations.js';

/** How requests take turns on routes whose session is `exclusive`. */
export class LockOptions {
  /**
   * Ends a lock this long after its process was last heard of: it is renewed while the handler runs. Milliseconds. A
   * process that stands still for two thirds of it may lose the lock.
   * @default 30000
   */
  @IntegerFrom(1)
  readonly leaseInMilliseconds: number = 30_000;

  /**
   * Ends a lock this long after it was taken, however long the handler runs: a handler that hangs keeps the session from
   * others no longer. What it writes after that is refused with `SessionLockLostError`. Milliseconds; at least the lease.
   * @default 300000 (5 minutes)
   */
  @IntegerFrom(1)
  readonly maxHoldInMilliseconds: number = 300_000;

  /**
   * Answers 423 to a request that has waited this long for the lock. Milliseconds; 0 never waits.
   * @default 10000
   */
  @IntegerFrom(0)
  readonly waitTimeoutInMilliseconds: number = 10_000;

  /**
   * Answers 423 at once if this many requests of one process wait for the same session.
   * @default 50
   */
  @IntegerFrom(0)
  readonly maxWaiters: number = 50;
}
