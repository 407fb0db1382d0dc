import type { SessionCore } from './session-core.js';

/**
 * Slides the expiry of sessions that were just loaded, at the end of the turn of the event loop: a save that was sent by
 * then has slid it already.
 */
export class SessionSlides {
  #due = new Set<SessionCore>();
  #scheduled = false;

  constructor(private readonly slide: (core: SessionCore) => void) {}

  add(core: SessionCore): void {
    this.#due.add(core);
    // Not told by the set: saves empty it again and again within a turn.
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#slideAll);
  }

  /** It is slid by something else. @returns whether it was due. */
  drop(core: SessionCore): boolean {
    return this.#due.delete(core);
  }

  readonly #slideAll = (): void => {
    const due = this.#due;
    this.#due = new Set();
    this.#scheduled = false;
    for (const core of due) if (core.status === 'stored') this.slide(core);
  };
}
