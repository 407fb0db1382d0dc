import type { SessionCore } from './session-core.js';
import { SessionStoreUnavailableError } from './session.errors.js';

const TRY_AGAIN_AFTER_MS = 1000;
const GIVE_UP_AFTER_MS = 5 * 60_000;
const MOST_SESSIONS = 1000;

interface LostRotation {
  readonly core: SessionCore;
  readonly giveUpAt: number;
  sending?: Promise<void>;
}

/**
 * Rotations whose answer was lost. The client has been given the new credential, so each is sent again until the store
 * answers. The old credential never opens the session again: that would undo what a rotation is for.
 */
export class LostRotations {
  readonly #lost = new Map<string, LostRotation>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param send sends the rotation of a session again, if it is not settled yet. */
  constructor(private readonly send: (core: SessionCore) => Promise<void>) {}

  add(core: SessionCore): void {
    if (this.#closed || this.#lost.size >= MOST_SESSIONS) return;
    this.#lost.set(core.id, { core, giveUpAt: performance.now() + GIVE_UP_AFTER_MS });
    this.#plan();
  }

  /**
   * Settles the rotation of a session now, if it has lost one. @returns whether it had.
   * @throws SessionStoreUnavailableError
   */
  async settle(id: string): Promise<boolean> {
    const lost = this.#lost.get(id);
    if (lost === undefined) return false;
    await (lost.sending ??= this.#send(id, lost));
    return true;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#lost.clear();
  }

  async #send(id: string, { core, giveUpAt }: LostRotation): Promise<void> {
    let failure: unknown;
    await this.send(core).catch((error: unknown) => (failure = error));
    this.#lost.delete(id);
    // The session was destroyed, or rotated by another: that settles it, too.
    if (!(failure instanceof SessionStoreUnavailableError)) return;
    // Behind the others: only some nodes of a cluster may be away.
    if (!this.#closed) this.#lost.set(id, { core, giveUpAt });
    throw failure;
  }

  // Unref'ed: it keeps no process alive.
  #plan(): void {
    this.#timer ??= setTimeout(() => void this.#settleAll(), TRY_AGAIN_AFTER_MS).unref();
  }

  async #settleAll(): Promise<void> {
    try {
      for (const [id, { giveUpAt }] of this.#lost) {
        if (performance.now() > giveUpAt) this.#lost.delete(id);
        else await this.settle(id);
      }
    } catch {
      // The store is still away: on with it in a while.
    }
    this.#timer = undefined;
    if (this.#lost.size > 0) this.#plan();
  }
}
