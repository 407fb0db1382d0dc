import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Give up after this many milliseconds. @default 5000 */
  within?: number;
  /** Milliseconds between two attempts. @default 10 */
  every?: number;
}

/**
 * Repeats an assertion until it neither throws, rejects nor returns `false`. Returns its result.
 * @throws the last error after the timeout
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { within = 5_000, every = 10 }: Patience = {},
): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    const remaining = Math.max(deadline - performance.now(), 1);
    try {
      // oxlint-disable-next-line no-await-in-loop -- each attempt needs the outcome of the previous one
      const answer = await answerWithin(assertion, remaining);
      if (answer !== false) return answer;
      throw new Error(`Still false after ${within} ms: ${String(assertion)}`);
    } catch (error) {
      if (performance.now() + every >= deadline) throw error;
    }
    // oxlint-disable-next-line no-await-in-loop -- the pause between two attempts
    await sleep(every);
  }
}

// An assertion that never settles (a client of a frozen server) must not outlive the deadline.
async function answerWithin<T>(assertion: () => T | Promise<T>, milliseconds: number): Promise<T> {
  const over = new AbortController();
  const tooLate = sleep(milliseconds, undefined, { signal: over.signal }).then(() => {
    throw new Error(`No answer within ${Math.round(milliseconds)} ms: ${String(assertion)}`);
  });
  try {
    return await Promise.race([assertion(), tooLate]);
  } finally {
    over.abort();
    tooLate.catch(() => undefined);
  }
}
