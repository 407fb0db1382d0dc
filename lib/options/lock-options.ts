import { IntegerFrom } from './expectations.js';

/** How `exclusive` requests lock their session and wait for the lock. */
export class LockOptions {
  /**
   * The lease of a lock, which is renewed while the handler runs. The lock of a process that dies expires after this time;
   * a process that stalls for two thirds of it can lose the lock. Milliseconds.
   * @default 30000
   */
  @IntegerFrom(1)
  readonly leaseInMilliseconds: number = 30_000;

  /**
   * The longest time that a request can hold a lock, so that a handler that hangs does not block the session for longer.
   * Its later writes are refused with `SessionLockLostError`. Milliseconds; at least the lease.
   * @default 300000 (5 minutes)
   */
  @IntegerFrom(1)
  readonly maxHoldInMilliseconds: number = 300_000;

  /**
   * How long a request waits for the lock before it is answered with 423. Milliseconds; 0 does not wait.
   * @default 10000
   */
  @IntegerFrom(0)
  readonly waitTimeoutInMilliseconds: number = 10_000;

  /**
   * How many requests of one process can wait for the same session. Others are answered with 423 at once.
   * @default 50
   */
  @IntegerFrom(0)
  readonly maxWaiters: number = 50;
}
