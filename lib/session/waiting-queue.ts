/** A place in a queue. */
export class Waiter {
  #notified = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#notified = true;
    this.#wake?.();
  }

  /**
   * Waits until it is notified, the time is over or the signal is aborted.
   * @returns whether it was notified since the last wait.
   */
  async notified(milliseconds: number, signal?: AbortSignal): Promise<boolean> {
    if (!this.#notified && !signal?.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        // After a stall of the event loop, read the sockets first: the notification may have arrived in time.
        const timer = setTimeout(() => setImmediate(wake), milliseconds);
        this.#wake = wake;
        signal?.addEventListener('abort', wake);
      });
    }
    const notified = this.#notified;
    this.#notified = false;
    return notified;
  }
}

/** A queue for each key. When its first waiter leaves, the next one is notified. */
export class WaitingQueues {
  readonly #queues = new Map<string, Waiter[]>();

  size(key: string): number {
    return this.#queues.get(key)?.length ?? 0;
  }

  enter(key: string): Waiter {
    const waiter = new Waiter();
    const queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, [waiter]);
    else queue.push(waiter);
    return waiter;
  }

  isFirst(key: string, waiter: Waiter): boolean {
    return this.#queues.get(key)?.[0] === waiter;
  }

  notifyFirst(key: string): void {
    this.#queues.get(key)?.[0]?.notify();
  }

  leave(key: string, waiter: Waiter): void {
    const queue = this.#queues.get(key) ?? [];
    const place = queue.indexOf(waiter);
    if (place < 0) return;
    queue.splice(place, 1);
    if (queue.length === 0) this.#queues.delete(key);
    else if (place === 0) queue[0]!.notify();
  }
}
