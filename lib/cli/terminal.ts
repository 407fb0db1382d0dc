import { createInterface } from 'node:readline/promises';

/** Where a command writes, and whom it asks. Tests have one of their own. */
export interface Terminal {
  /** Writes a result, to stdout. */
  write(text: string): void;
  /** Writes what is not a result, to stderr. */
  note(text: string): void;
  /** Whether somebody sees what `note` writes. */
  readonly isWatched: boolean;
  /** Whether somebody can answer a question. */
  readonly canAsk: boolean;
  /** Asks a question. @returns the answer; '' if there is none */
  ask(question: string): Promise<string>;
}

/** The terminal of this process. */
export const processTerminal: Terminal = {
  write: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
  get isWatched() {
    return process.stderr.isTTY;
  },
  get canAsk() {
    return process.stdin.isTTY && process.stderr.isTTY;
  },
  async ask(question) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    // Without this, Ctrl-D would leave the question without an answer.
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    try {
      return await Promise.race([lines.question(question), ended]);
    } finally {
      lines.close();
    }
  },
};
