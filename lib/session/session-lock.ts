import type { SessionLease, SessionStore } from './session-store.js';

/**
 * The lock of one session, held by one request: a lease that is renewed until the lock is released, or has been held for
 * as long as a lock may be. The store refuses what its holder writes after that.
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

  /** Notes that the store no longer has the lock: it ended with a write, with the session or by itself. */
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
    // Unref'ed: a lock ends by itself, so it need not keep the process alive.
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
        // A token is drawn once, so the lock is lost for good: others of this process may ask for it.
        if (!held) this.ended();
      },
      // The next renewal tries again.
      () => undefined,
    );
  };
}
