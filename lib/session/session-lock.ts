import type { SessionStore } from './session-store.js';

/**
 * The lock of one session, held by one request: a lease that is renewed until it is released. A holder whose process
 * stood still for longer than the lease has lost it, and its writes are refused.
 */
export class SessionLock {
  #renewing: NodeJS.Timeout | undefined;
  #released = false;

  constructor(
    private readonly store: SessionStore,
    private readonly id: string,
    readonly token: string,
    private readonly leaseInMilliseconds: number,
    private readonly onReleased: () => void,
  ) {
    // Unref'ed: a lock ends by itself, so none is a reason to keep a process alive.
    this.#renewing = setInterval(() => this.#renew(), Math.ceil(leaseInMilliseconds / 3)).unref();
  }

  /** Lets go of it. Again is no matter. @throws SessionStoreUnavailableError; the lease ends the lock then. */
  async release(): Promise<void> {
    if (!this.#stop()) return;
    try {
      await this.store.releaseLock(this.id, this.token);
    } finally {
      this.onReleased();
    }
  }

  /** Takes note that the store has let go of it, with a write that ended it or with the session. */
  ended(): void {
    if (this.#stop()) this.onReleased();
  }

  #stop(): boolean {
    if (this.#released) return false;
    this.#released = true;
    clearInterval(this.#renewing);
    return true;
  }

  #renew(): void {
    const { id, token, leaseInMilliseconds } = this;
    this.store.renewLock(id, { token, leaseInMilliseconds }).then(
      (held) => {
        // Lost for good: a token is drawn once. The store tells the next write so.
        if (!held) clearInterval(this.#renewing);
      },
      // While the store is away the next third of the lease has another try.
      () => undefined,
    );
  }
}
