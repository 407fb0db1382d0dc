/** A pending operation, in a linked list in the order of their starts. */
class Pending {
  next: Pending | undefined;
  previous: Pending | undefined;

  constructor(
    readonly dueAt: number,
    readonly reject: (reason: Error) => void,
  ) {}
}

// Long enough for a round trip: the stall that delayed the timer may have delayed the command too.
const LONGEST_GRACE_MS = 100;

/**
 * Limits how long an operation can take. The client's own timeouts are not enough: an application's client has its own
 * options, and a cluster whose nodes are all down ignores `commandTimeout`.
 *
 * Operations expire in the order in which they began, so one timer watches the first. A timer for each costs twice as much
 * (bench/micro/deadline.mjs).
 */
export class Deadline {
  #first: Pending | undefined;
  #last: Pending | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly milliseconds: number,
    /** Called when operations were not answered in time. */
    private readonly onExpired?: () => void,
  ) {}

  /** Returns the result of an operation that has just begun. @throws Error if it takes too long. */
  limit<T>(operation: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const pending = new Pending(performance.now() + this.milliseconds, reject);
      this.#append(pending);
      operation.then(
        (value) => {
          this.#remove(pending);
          resolve(value);
        },
        (error: unknown) => {
          this.#remove(pending);
          // Rejects with the original: an error of a client is not always an instance of this realm's Error.
          // oxlint-disable-next-line prefer-promise-reject-errors
          reject(error);
        },
      );
    });
  }

  #append(pending: Pending): void {
    pending.previous = this.#last;
    if (this.#last === undefined) {
      this.#first = pending;
      this.#wait(this.milliseconds, this.#expire);
    } else this.#last.next = pending;
    this.#last = pending;
  }

  #remove(pending: Pending): void {
    const { previous, next } = pending;
    if (previous !== undefined) previous.next = next;
    else if (this.#first === pending) this.#first = next;
    if (next !== undefined) next.previous = previous;
    else if (this.#last === pending) this.#last = previous;
    pending.previous = undefined;
    pending.next = undefined;
    if (this.#first === undefined) clearTimeout(this.#timer);
  }

  #wait(milliseconds: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, milliseconds);
  }

  readonly #expire = (): void => {
    const now = performance.now();
    const late = now - this.#first!.dueAt;
    if (late < 0) this.#wait(-late, this.#expire);
    // Timers run before sockets are read: after a stall of the event loop, replies may be waiting in the sockets.
    else this.#wait(Math.min(late, LONGEST_GRACE_MS), () => setImmediate(this.#rejectDue, now));
  };

  readonly #rejectDue = (now: number): void => {
    if (this.#first !== undefined && this.#first.dueAt <= now) this.onExpired?.();
    while (this.#first !== undefined && this.#first.dueAt <= now) {
      const { reject } = this.#first;
      this.#remove(this.#first);
      reject(new Error(`no answer within ${this.milliseconds} ms`));
    }
    if (this.#first !== undefined) this.#wait(this.#first.dueAt - performance.now(), this.#expire);
  };
}
