import type { SessionCore } from './session-core.js';
import { timeoutsOf, type SessionPolicy } from './session-policy.js';
import type { SessionStore, SessionTimeouts } from './session-store.js';
import { SessionConflictError } from './session.errors.js';
import type { StoreFailures } from './store-failures.js';

// Timeouts are counted in seconds. Sessions with a timeout of less than 100 seconds are touched more often.
const LONGEST_PAUSE_MS = 1000;
const PAUSE_SHARE = 0.01;
// Of each of the two generations. What is forgotten early is only touched once more.
const MOST_REMEMBERED = 10_000;

/** A touch that was sent, or a save, which touches the session as well. */
interface SentTouch {
  /** When the session ends if no other touch follows. */
  readonly endsAt: number;
  settled: boolean;
  /** The latest session that relies on this touch. It is touched itself if this touch fails. */
  relying: SessionCore | undefined;
}

/**
 * Touches the sessions that requests read. A session that this process has touched just before is not touched again: it
 * ends at most a second earlier, or 1 % of its idle timeout if that is less.
 */
export class SessionTouches {
  readonly #timeouts: SessionTimeouts;
  #due = new Set<SessionCore>();
  #scheduled = false;
  // Two generations instead of a timer for each session.
  #sent = new Map<string, SentTouch>();
  #sentBefore = new Map<string, SentTouch>();
  #startedAt = 0;

  constructor(
    private readonly store: SessionStore,
    policy: SessionPolicy,
    private readonly failures: StoreFailures,
  ) {
    this.#timeouts = timeoutsOf(policy);
  }

  /** Touches a session at the end of this event-loop turn, unless a save that is sent by then does. */
  later(core: SessionCore): void {
    if (this.#isRecent(core)) return;
    this.#due.add(core);
    // The set does not tell this: saves can empty it several times in a turn.
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#touchDue);
  }

  /**
   * Touches a session now.
   * @param secretHash SHA-256 that the secret must still have. @default any
   * @param background no request waits for it
   * @throws SessionConflictError if the secret is another one.
   */
  now(core: SessionCore, secretHash?: string, background = false): Promise<void> {
    const { storedIdle, expiresAt } = core.lifetime;
    return this.#send(core, storedIdle, async () => {
      const outcome = await this.store.touch(core.id, {
        ...this.#timeouts,
        idleTimeoutInMilliseconds: storedIdle,
        expiresAt,
        secretHash,
        background,
      });
      if (outcome === 'conflict') throw new SessionConflictError(core.id);
    });
  }

  /**
   * Runs a save, which touches the session in the store.
   * @param save gets whether the session was touched just before, so that the save need not touch it
   */
  save(core: SessionCore, save: (touched: boolean) => Promise<void>): Promise<void> {
    const { ownIdle } = core.lifetime;
    return this.#isRecent(core, ownIdle) ? save(true) : this.#send(core, ownIdle, () => save(false));
  }

  // What fails does not count as a touch.
  async #send(core: SessionCore, ownIdle: number | undefined, write: () => Promise<void>): Promise<void> {
    const relying = this.#due.delete(core) ? core : undefined;
    const sent = { endsAt: Date.now() + this.#idle(ownIdle), settled: false, relying };
    this.#remember(core.id, sent);
    try {
      await write();
      sent.settled = true;
      sent.relying = undefined;
    } catch (error) {
      if (this.#find(core.id) === sent) this.#forget(core.id);
      if (sent.relying !== undefined) this.later(sent.relying);
      throw error;
    }
  }

  readonly #touchDue = (): void => {
    const due = this.#due;
    this.#due = new Set();
    this.#scheduled = false;
    for (const core of due) {
      // Another request of this turn may have touched it.
      if (core.status !== 'stored' || this.#isRecent(core)) continue;
      this.now(core, undefined, true).catch((error: unknown) => this.failures.record(error, core));
    }
  };

  // The difference tells more than the age: an idle timeout that was changed elsewhere makes it large or negative.
  #isRecent(core: SessionCore, ownIdle = core.lifetime.storedIdle): boolean {
    const sent = this.#find(core.id);
    if (sent === undefined || this.store.touchesAreFree) return false;
    const idle = this.#idle(ownIdle);
    const gain = Date.now() + idle - sent.endsAt;
    const recent = gain >= 0 && gain < Math.min(LONGEST_PAUSE_MS, idle * PAUSE_SHARE);
    if (recent && !sent.settled) sent.relying = core;
    return recent;
  }

  #idle(own: number | undefined): number {
    return own ?? this.#timeouts.defaultIdleTimeoutInMilliseconds;
  }

  #find(id: string): SentTouch | undefined {
    return this.#sent.get(id) ?? this.#sentBefore.get(id);
  }

  #forget(id: string): void {
    this.#sent.delete(id);
    this.#sentBefore.delete(id);
  }

  #remember(id: string, sent: SentTouch): void {
    const now = Date.now();
    if (now - this.#startedAt >= LONGEST_PAUSE_MS || this.#sent.size >= MOST_REMEMBERED) {
      this.#sentBefore = this.#sent;
      this.#sent = new Map();
      this.#startedAt = now;
    }
    this.#sent.set(id, sent);
  }
}
