import type { SessionLease, SessionStore } from './session-store.js';

/**
 * The lock of one session, held by one request. Its lease is renewed until the lock is released or `maxHoldInMilliseconds`
 * have passed. The store refuses what its holder writes after that.
 */
export class SessionLock {
  /** Whose secret must still be the stored one for the lock to be renewed. @default nobody's */
  holder: { readonly certainHash: string | undefined } | undefined;
  #renewing: NodeJS.Timeout | undefined;
  #released = false;
  readonly #endsAt: number;

  constructor(
    private readonly store: SessionStore,
    private readonly id: string,
    private readonly lease: SessionLease,
    maxHoldInMilliseconds: number,
    private readonly onReleased: () => void,
  ) {
    this.#endsAt = performance.now() + maxHoldInMilliseconds;
    this.#renewLater();
  }

  get token(): string {
    return this.lease.token;
  }

  /** Releases the lock. Idempotent. @throws SessionStoreUnavailableError if the store cannot answer now. */
  async release(): Promise<void> {
    if (!this.#stop()) return;
    const { token, leaseInMilliseconds } = this.lease;
    try {
      await this.store.releaseLock(this.id, token, leaseInMilliseconds);
    } finally {
      this.onReleased();
    }
  }

  /** Notes that the lock is gone from the store: a write released it, the session was destroyed, or the lease ran out. */
  ended(): void {
    if (this.#stop()) this.onReleased();
  }

  #stop(): boolean {
    if (this.#released) return false;
    this.#released = true;
    clearTimeout(this.#renewing);
    return true;
  }

  #renewLater(): void {
    const left = this.#endsAt - performance.now();
    const next = Math.min(left, this.lease.leaseInMilliseconds / 3);
    // Unref'ed: the lease ends the lock even if the process exits.
    this.#renewing = setTimeout(this.#renew, Math.ceil(next)).unref();
  }

  readonly #renew = (): void => {
    if (performance.now() >= this.#endsAt) {
      // The handler hangs. Nobody waits for this release; the lease ends the lock if it fails.
      this.release().catch(() => undefined);
      return;
    }
    this.#renewLater();
    this.store.renewLock(this.id, this.lease, this.holder?.certainHash).then(
      (held) => {
        // Tokens are never reused, so the lock is lost for good: other requests of this process may take it.
        if (!held) this.ended();
      },
      // The next renewal tries again.
      () => undefined,
    );
  };
}
