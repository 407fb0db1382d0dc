/** Receives the messages of an outage. */
interface OutageMessages {
  log(message: string): void;
  warn(message: string): void;
}

// Some servers of a cluster can refuse while others answer: an outage that flickers must not flood the log.
const INTERVAL_MS = 60_000;

/**
 * Logs one line if operations begin to fail although the connection is open (Redis is full, read-only or loading), or if the
 * client is the application's own, and one line when an operation that failed works again.
 */
export class OutageLog {
  #isOutage = false;
  #startedAt = -Infinity;

  constructor(private readonly messages: OutageMessages) {}

  failed(operation: string, reason: string): void {
    const now = performance.now();
    if (this.#isOutage || now - this.#startedAt < INTERVAL_MS) return;
    this.#isOutage = true;
    this.#startedAt = now;
    this.messages.warn(
      `Redis fails to ${operation} sessions: ${reason}. Further failures are not logged until it works again.`,
    );
  }

  works(operation: string): void {
    if (!this.#isOutage) return;
    this.#isOutage = false;
    this.messages.log(`Redis can ${operation} sessions again.`);
  }
}
