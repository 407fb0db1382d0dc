import type { ExpiredSession, SessionExpiries } from '../session/session-expiries.js';

const PAUSE_MS = 2000;

/** Asks again and again which sessions have expired. Every process of an application sweeps. */
export class ExpirySweep {
  readonly #closed = new AbortController();
  #next: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(
    private readonly expiries: SessionExpiries,
    private readonly report: (session: ExpiredSession) => void,
  ) {
    this.#later(PAUSE_MS);
  }

  /** Stops, after what was taken has been reported. */
  async close(): Promise<void> {
    this.#closed.abort();
    clearTimeout(this.#next);
    await this.#running;
  }

  #later(milliseconds: number): void {
    // Unref'ed: the sweep must not keep the process alive.
    this.#next = setTimeout(() => (this.#running = this.#sweep()), milliseconds).unref();
  }

  async #sweep(): Promise<void> {
    let found = 0;
    try {
      const expired = await this.expiries.take(this.#closed.signal);
      found = expired.length;
      for (const session of expired) this.report(session);
    } catch {
      // The store logs its outages. The sessions are found when it works again.
    }
    if (!this.#closed.signal.aborted) this.#later(found > 0 ? 0 : PAUSE_MS);
  }
}
