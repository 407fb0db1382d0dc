import type { SessionCore } from '../session/session-core.js';
import type { SessionOperations } from '../session/session-operations.js';
import { SessionLockLostError } from '../session/session.errors.js';
import type { SessionAnswer } from './session-answer.js';

/** The lock of an exclusive request. Ends when the client goes away, however long the handler runs. */
export class RequestLock {
  readonly #waiting = new AbortController();

  constructor(
    // The session at that time: `regenerate()` puts another one on the request.
    private readonly core: SessionCore,
    private readonly operations: SessionOperations,
    answer: SessionAnswer | undefined,
  ) {
    // What the handler of a client that has gone writes from now on is refused.
    answer?.onceClosed(() => {
      if (this.#waiting.signal.aborted) return;
      this.stopWaiting();
      this.release();
    });
    if (answer?.closed) this.stopWaiting();
  }

  /** @throws SessionLockLostError if the request has ended by then, and what `SessionOperations.lock` throws. */
  async take(): Promise<void> {
    await this.operations.lock(this.core, this.#waiting.signal);
    if (!this.#waiting.signal.aborted) return;
    await this.operations.unlock(this.core);
    throw new SessionLockLostError(this.core.id);
  }

  /** The request ends: it leaves the queue, and gets no lock any more. */
  stopWaiting(): void {
    this.#waiting.abort();
  }

  /** Idempotent. */
  release(): void {
    void this.operations.unlock(this.core);
  }
}
