import { Worker } from 'node:worker_threads';

const DEADLINE_MILLISECONDS = 20_000;

// Plain JavaScript: it runs beside an event loop that may never turn again.
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const guarded = new Map();
parentPort.on('message', ({ id, told }) => {
  clearTimeout(guarded.get(id));
  guarded.delete(id);
  if (told === undefined) return;
  guarded.set(id, setTimeout(() => {
    writeSync(2, 'FAULT: hang\\n  ' + JSON.stringify(told.slice(0, 4000)) + '\\n  seed ' + workerData.seed + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }, workerData.deadline));
});`;

/** Ends the program where an input keeps it busy, or waiting, for ever: nothing in its own event loop could. */
export class Watchdog {
  readonly #worker: Worker;
  #last = 0;

  constructor(seed: number) {
    const workerData = { seed, deadline: DEADLINE_MILLISECONDS };
    this.#worker = new Worker(PROGRAM, { eval: true, workerData, execArgv: [] });
    this.#worker.unref();
  }

  async guard<T>(told: string, run: () => Promise<T>): Promise<T> {
    const id = ++this.#last;
    this.#tell({ id, told });
    try {
      return await run();
    } finally {
      this.#tell({ id });
    }
  }

  #tell(message: { id: number; told?: string }): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(message);
  }
}
