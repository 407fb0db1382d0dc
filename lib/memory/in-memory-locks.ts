import type { SessionLease } from '../session/session-store.js';

interface HeldLock {
  readonly token: string;
  /** When its lease ends, in milliseconds since the epoch. */
  readonly endsAt: number;
}

/** The locks of sessions in memory, and the lines of those who wait for them. */
export class InMemoryLocks {
  private readonly held = new Map<string, HeldLock>();
  private readonly lines = new Map<string, (() => void)[]>();

  constructor(private readonly now: () => number) {}

  isHeld(id: string, token: string): boolean {
    return this.holder(id)?.token === token;
  }

  /** @returns whether the token holds the lock now: it was free, or its own already. */
  take(id: string, { token, leaseInMilliseconds }: SessionLease): boolean {
    const holder = this.holder(id);
    if (holder !== undefined && holder.token !== token) return false;
    this.held.set(id, { token, endsAt: this.now() + leaseInMilliseconds });
    return true;
  }

  /** Takes the lock as soon as it is free. @returns `false` where that is not within so many milliseconds. */
  async wait(
    id: string,
    lock: SessionLease & { readonly waitInMilliseconds: number },
    isWanted: () => boolean,
  ): Promise<boolean> {
    const deadline = performance.now() + lock.waitInMilliseconds;
    while (!this.take(id, lock)) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await this.released(id, Math.min(left, Math.max(1, this.holder(id)!.endsAt - this.now())));
      if (!isWanted()) return false;
    }
    return true;
  }

  release(id: string, token: string): void {
    if (this.isHeld(id, token)) this.free(id);
  }

  /** Frees the lock, whoever holds it, and wakes those who wait in the order in which they came. */
  free(id: string): void {
    this.held.delete(id);
    const line = this.lines.get(id) ?? [];
    this.lines.delete(id);
    for (const wake of line) wake();
  }

  private holder(id: string): HeldLock | undefined {
    const held = this.held.get(id);
    return held !== undefined && this.now() < held.endsAt ? held : undefined;
  }

  private released(id: string, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const line = this.lines.get(id) ?? [];
      this.lines.set(id, line);
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        const place = line.indexOf(wake);
        if (place >= 0) line.splice(place, 1);
        if (line.length === 0 && this.lines.get(id) === line) this.lines.delete(id);
        resolve();
      }, milliseconds);
      line.push(wake);
    });
  }
}
