import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FuzzSetup, Served } from './fuzz-application.js';

const START_WITHIN_MILLISECONDS = 60_000;
const SHOWN_CHARACTERS = 1500;

/** The applications of both platforms, in a program for each platform. */
export class FuzzTarget {
  /** The last words of the programs that have ended by themselves since they were started. */
  crashes: string[] = [];
  #served: Served[][] = [];
  #children: ChildProcess[] = [];

  constructor(private readonly redisPort: number) {}

  async start(): Promise<void> {
    const platforms = ['express', 'fastify'] as const;
    const started = platforms.map((platform, index) =>
      this.#spawn({ platform, redisPort: this.redisPort }, index),
    );
    this.#served = await Promise.all(started);
  }

  /** Starts what has crashed. */
  async restart(): Promise<void> {
    this.crashes = [];
    for (const [index, child] of this.#children.entries()) {
      if (child.exitCode === null && child.signalCode === null) continue;
      const platform = index === 0 ? 'express' : 'fastify';
      this.#served[index] = await this.#spawn({ platform, redisPort: this.redisPort }, index);
    }
  }

  /** The same order after every start; the ports differ. */
  get applications(): readonly Served[] {
    return this.#served.flat();
  }

  /** Processor time of both programs, in milliseconds. */
  async cpu(): Promise<number> {
    const times = this.#children.map(async (child) => {
      if (!child.connected) return 0;
      const over = new AbortController();
      const { signal } = over;
      const answer = once(child, 'message', { signal });
      const gone = once(child, 'exit', { signal });
      child.send('cpu');
      const [told] = (await Promise.race([answer, gone])) as [{ cpu?: number } | null];
      for (const wait of [answer, gone]) wait.catch(() => undefined);
      over.abort();
      return told?.cpu ?? 0;
    });
    return (await Promise.all(times)).reduce((sum, time) => sum + time, 0);
  }

  stop(): void {
    for (const child of this.#children) child.removeAllListeners('exit').kill('SIGKILL');
  }

  async #spawn(setup: FuzzSetup, index: number): Promise<Served[]> {
    const child = spawn(
      process.execPath,
      ['--import', file('../soak/typescript.mjs'), file('fuzz-application.ts'), JSON.stringify(setup)],
      { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] },
    );
    this.#children[index] = child;
    let last = '';
    child.stderr!.on('data', (text) => (last = (last + String(text)).slice(-SHOWN_CHARACTERS)));
    child.on('exit', () => this.crashes.push(`${setup.platform}: ${last}`));
    const signal = AbortSignal.timeout(START_WITHIN_MILLISECONDS);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`The applications of ${setup.platform} ended while they started: ${last}`);
    });
    const [{ served }] = (await Promise.race([once(child, 'message', { signal }), ended])) as [
      { served: Served[] },
    ];
    ended.catch(() => undefined);
    return served;
  }
}

function file(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
