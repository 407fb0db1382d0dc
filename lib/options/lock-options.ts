import { IntegerFrom } from './expectations.js';

/** How requests take turns where a route's session is `exclusive`. */
export class LockOptions {
  /**
   * Frees the lock this long after it was taken, whatever became of its holder, who can then write no more.
   * Milliseconds; longer than the slowest exclusive request.
   * @default 30000
   */
  @IntegerFrom(1)
  readonly leaseInMilliseconds: number = 30_000;

  /**
   * Answers 423 to a request that has waited this long for the lock. Milliseconds; 0 never waits.
   * @default 10000
   */
  @IntegerFrom(0)
  readonly waitTimeoutInMilliseconds: number = 10_000;

  /**
   * Answers 423 at once where this many requests of one process wait for the same session.
   * @default 50
   */
  @IntegerFrom(0)
  readonly maxWaiters: number = 50;
}
