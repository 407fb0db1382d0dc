import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ApplicationSetup } from './application.js';

const START_WITHIN_MILLISECONDS = 30_000;

interface Pause {
  readonly from: number;
  to: number;
}

/** One application of two, in a process of its own: it can be stopped, continued, killed and started again. */
export class ApplicationProcess {
  #child: ChildProcess | undefined;
  #pauses: Pause[] = [];

  constructor(private readonly setup: ApplicationSetup) {}

  get name(): string {
    return this.setup.platform;
  }

  get port(): number {
    return this.setup.port;
  }

  /** Serves requests when this resolves. */
  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      ['--import', file('typescript.mjs'), file('application.ts'), JSON.stringify(this.setup)],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    this.#child = child;
    const signal = AbortSignal.timeout(START_WITHIN_MILLISECONDS);
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error(`The application on ${this.name} ended while it started.`);
    });
    await Promise.race([once(child, 'message', { signal }), ended]);
    ended.catch(() => undefined);
  }

  /** It stands still; its sockets stay open. */
  freeze(): void {
    this.#pauses.push({ from: performance.now(), to: Infinity });
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
    const pause = this.#pauses.at(-1);
    if (pause) pause.to = performance.now();
  }

  /** Gone without a word. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** For how many milliseconds between these two moments it stood still. */
  pausedWithin(begin: number, end: number): number {
    const overlaps = this.#pauses.map(({ from, to }) => Math.min(end, to) - Math.max(begin, from));
    return overlaps.filter((overlap) => overlap > 0).reduce((sum, overlap) => sum + overlap, 0);
  }
}

function file(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
