import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ApplicationSetup } from './application.js';

/** On a busy machine. */
const START_WITHIN_MILLISECONDS = 180_000;
const SHOWN_CHARACTERS = 1500;

interface Pause {
  readonly from: number;
  to: number;
}

/** One application of two, in a process of its own: it can be stopped, continued, killed and started again. */
export class ApplicationProcess {
  /** Told when it has ended by itself, with the last that it wrote to stderr. */
  onCrash: ((last: string) => void) | undefined;
  /** It listens, as far as is known: a load balancer would choose it. */
  serves = false;
  /** How often it was started. */
  starts = 0;
  #child: ChildProcess | undefined;
  #expected = new WeakSet<ChildProcess>();
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
    if (this.#runs) return;
    const child = spawn(
      process.execPath,
      ['--import', file('typescript.mjs'), file('application.ts'), JSON.stringify(this.setup)],
      { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] },
    );
    this.#child = child;
    this.starts++;
    let last = '';
    child.stderr!.on('data', (text) => (last = (last + String(text)).slice(-SHOWN_CHARACTERS)));
    const signal = AbortSignal.timeout(START_WITHIN_MILLISECONDS);
    const ended = once(child, 'exit', { signal }).then(() => {
      // Another fault has ended it already.
      if (this.#expected.has(child)) return;
      throw new Error(`The application on ${this.name} ended while it started: ${last}`);
    });
    await Promise.race([once(child, 'message', { signal }), ended]);
    ended.catch(() => undefined);
    this.serves = this.#runs;
    child.once('exit', () => {
      this.serves = false;
      if (!this.#expected.has(child)) this.onCrash?.(last);
    });
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

  /** It did nothing for its requests between these moments. */
  stoodStill(from: number, to: number): void {
    this.#pauses.push({ from, to });
  }

  /** Gone without a word. */
  async kill(): Promise<void> {
    if (this.#runs) await this.#end('SIGKILL');
  }

  /** Asked to end, as by whatever runs it. @returns whether it did in time; if not, it is killed. */
  async terminate(within: number): Promise<boolean> {
    if (!this.#runs) return true;
    const over = new AbortController();
    const tooLate = sleep(within, false, { signal: over.signal }).catch(() => false);
    const inTime = await Promise.race([this.#end('SIGTERM').then(() => true), tooLate]);
    over.abort();
    await this.kill();
    return inTime;
  }

  /** For how many milliseconds between these two moments it stood still. */
  pausedWithin(begin: number, end: number): number {
    const overlaps = this.#pauses.map(({ from, to }) => Math.min(end, to) - Math.max(begin, from));
    return overlaps.filter((overlap) => overlap > 0).reduce((sum, overlap) => sum + overlap, 0);
  }

  get #runs(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child!;
    this.#expected.add(child);
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

function file(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
