interface UnreleasedLock {
  readonly release: () => Promise<unknown>;
  /** When its lease has ended at the latest, by the process's own clock. */
  readonly endsAt: number;
}

const TRY_EVERY_MILLISECONDS = 200;
// More than these are left to their leases: a long outage must not fill the memory.
const MOST_LOCKS = 10_000;

/**
 * Locks whose release failed. They are released again in the background, one at a time, until their leases have ended by
 * themselves.
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
    // Unref'ed: a lock ends by itself, so it need not keep the process alive.
    this.#trying ??= setTimeout(() => void this.#tryAll(), TRY_EVERY_MILLISECONDS).unref();
  }

  async #tryAll(): Promise<void> {
    for (let lock = this.#locks.shift(); lock !== undefined; lock = this.#locks.shift()) {
      if (performance.now() >= lock.endsAt) continue;
      try {
        await lock.release();
      } catch {
        // Behind the others: what fails for one of them alone holds up none.
        this.#push(lock);
        break;
      }
    }
    this.#trying = undefined;
    this.#tryLater();
  }
}
