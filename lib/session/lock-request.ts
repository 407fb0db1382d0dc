/** Who holds a lock, and for how long unless it is renewed. */
export interface SessionLease {
  /** 128 random bits, drawn for this holder. */
  readonly token: string;
  readonly leaseInMilliseconds: number;
}

/** A request for a lock. */
export interface LockRequest extends SessionLease {
  /** How long to wait while another token holds it. Milliseconds; 0 does not wait. */
  readonly waitInMilliseconds: number;
  /** Ends the wait early: nobody needs the lock. */
  readonly signal?: AbortSignal | undefined;
}
