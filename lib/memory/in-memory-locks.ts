import { onClockMoved } from '../session/clock.js';
import type { LockRequest, SessionLease } from '../session/session-store.js';
import { WaitingQueues } from '../session/waiting-queue.js';

interface HeldLock {
  readonly token: string;
  /** When its lease ends, in milliseconds since the epoch. */
  readonly endsAt: number;
}

/** Locks in memory, each with a queue of waiters. */
export class InMemoryLocks {
  private readonly held = new Map<string, HeldLock>();
  private readonly queues = new WaitingQueues();

  constructor(private readonly now: () => number) {}

  isHeld(id: string, token: string): boolean {
    return this.holder(id)?.token === token;
  }

  /** Takes a free lock, or renews the token's own. @returns `false` if another token holds it */
  take(id: string, { token, leaseInMilliseconds }: SessionLease): boolean {
    const holder = this.holder(id);
    if (holder !== undefined && holder.token !== token) return false;
    this.held.set(id, { token, endsAt: this.now() + leaseInMilliseconds });
    return true;
  }

  /** Waits in the queue and takes the lock. @returns `false` if the wait ends first or `isWanted` returns false */
  async wait(id: string, lock: LockRequest, isWanted: () => boolean): Promise<boolean> {
    const deadline = performance.now() + lock.waitInMilliseconds;
    const waiter = this.queues.enter(id);
    const stop = onClockMoved(() => waiter.notify());
    try {
      while (isWanted()) {
        const first = this.queues.isFirst(id, waiter);
        if ((first || this.isHeld(id, lock.token)) && this.take(id, lock)) return true;
        const left = deadline - performance.now();
        if (left <= 0 || lock.signal?.aborted) return false;
        await waiter.notified(first ? Math.min(left, this.leaseLeft(id)) : left, lock.signal);
      }
      return false;
    } finally {
      stop();
      this.queues.leave(id, waiter);
    }
  }

  /** @returns `false` if the token did not hold the lock */
  release(id: string, token: string): boolean {
    const held = this.isHeld(id, token);
    if (held) this.free(id);
    return held;
  }

  /** Releases the lock of any holder and notifies the first waiter. */
  free(id: string): void {
    this.held.delete(id);
    this.queues.notifyFirst(id);
  }

  private leaseLeft(id: string): number {
    return Math.max(1, (this.holder(id)?.endsAt ?? 0) - this.now());
  }

  private holder(id: string): HeldLock | undefined {
    const held = this.held.get(id);
    return held !== undefined && this.now() < held.endsAt ? held : undefined;
  }
}
