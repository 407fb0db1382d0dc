import type { SessionCore } from './session-core.js';
import { SessionStoreUnavailableError } from './session.errors.js';

const RETRY_AFTER_MS = 1000;
const GIVE_UP_AFTER_MS = 5 * 60_000;
const MAX_SESSIONS = 1000;

interface LostRotation {
  readonly core: SessionCore;
  readonly giveUpAt: number;
  sending?: Promise<void>;
}

/**
 * Rotations whose answer was lost. The client has the new credential, so each rotation is sent again until the store
 * answers. To accept the old credential again would defeat the rotation.
 */
export class LostRotations {
  readonly #lost = new Map<string, LostRotation>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param send sends the rotation of a session again, unless it is settled */
  constructor(private readonly send: (core: SessionCore) => Promise<void>) {}

  add(core: SessionCore): void {
    if (this.#closed || this.#lost.size >= MAX_SESSIONS) return;
    this.#lost.set(core.id, { core, giveUpAt: performance.now() + GIVE_UP_AFTER_MS });
    this.#plan();
  }

  /**
   * Settles the lost rotation of a session now. @returns whether there was one
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
    // That the session was destroyed or rotated by another request settles it, too.
    if (!(failure instanceof SessionStoreUnavailableError)) return;
    // At the end of the queue: only some nodes of a cluster may be down.
    if (!this.#closed) this.#lost.set(id, { core, giveUpAt });
    throw failure;
  }

  // Unref'ed: it must not keep the process alive.
  #plan(): void {
    this.#timer ??= setTimeout(() => void this.#settleAll(), RETRY_AFTER_MS).unref();
  }

  async #settleAll(): Promise<void> {
    try {
      for (const [id, { giveUpAt }] of this.#lost) {
        if (performance.now() > giveUpAt) this.#lost.delete(id);
        else await this.settle(id);
      }
    } catch {
      // The store is still down: retry later.
    }
    this.#timer = undefined;
    if (this.#lost.size > 0) this.#plan();
  }
}
