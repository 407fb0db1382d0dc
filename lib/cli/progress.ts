import type { Terminal } from './terminal.js';

const WIDTH = 24;
const DRAW_EVERY_MS = 100;

/** A bar on stderr while a command reads all sessions. Draws nothing if nobody watches. */
export class Progress {
  #steps = 0;
  #drawnAt = -Infinity;

  /** @param total how many steps there will be, about; `undefined` if nobody knows */
  constructor(
    private readonly terminal: Terminal,
    private readonly total: number | undefined,
  ) {}

  /** @param found how many sessions were found so far */
  step(found: number): void {
    this.#steps++;
    const now = performance.now();
    if (!this.terminal.isWatched || now - this.#drawnAt < DRAW_EVERY_MS) return;
    this.#drawnAt = now;
    this.terminal.note(`\r${this.#bar()}${found} sessions`);
  }

  /** Removes the bar. */
  end(): void {
    if (this.#drawnAt > -Infinity) this.terminal.note('\r\x1b[K');
  }

  #bar(): string {
    if (!this.total) return 'reading … ';
    const part = Math.min(1, this.#steps / this.total);
    const filled = Math.round(part * WIDTH);
    return `[${'#'.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${String(Math.round(part * 100)).padStart(3)} %  `;
  }
}
