interface UnreleasedLock {
  readonly release: () => Promise<unknown>;
  /** When the lease has certainly ended, by the clock of this process. */
  readonly endsAt: number;
}

const TRY_EVERY_MILLISECONDS = 200;
// A long outage must not fill the memory. Further locks end with their leases.
const MOST_LOCKS = 10_000;

/**
 * Locks whose release failed. Retries each release in the background, one at a time, until the lease has ended.
 */
export class UnreleasedLocks {
  #locks: UnreleasedLock[] = [];
  #trying: NodeJS.Timeout | undefined;
  #closed = false;

  add(release: () => Promise<unknown>, leaseInMilliseconds: number): void {
    if (this.#locks.length === MOST_LOCKS) return;
    this.#push({ release, endsAt: performance.now() + leaseInMilliseconds });
    this.#tryLater();
  }

  close(): void {
    this.#closed = true;
    this.#locks = [];
    clearTimeout(this.#trying);
  }

  #push(lock: UnreleasedLock): void {
    if (!this.#closed) this.#locks.push(lock);
  }

  #tryLater(): void {
    if (this.#locks.length === 0) return;
    // Unref'ed: the leases end the locks, so the timer must not keep the process alive.
    this.#trying ??= setTimeout(() => void this.#tryAll(), TRY_EVERY_MILLISECONDS).unref();
  }

  async #tryAll(): Promise<void> {
    for (let lock = this.#locks.shift(); lock !== undefined; lock = this.#locks.shift()) {
      if (performance.now() >= lock.endsAt) continue;
      try {
        await lock.release();
      } catch {
        // Last in the queue, so that a lock that keeps failing does not block the others.
        this.#push(lock);
        break;
      }
    }
    this.#trying = undefined;
    this.#tryLater();
  }
}
