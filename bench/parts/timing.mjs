import { median } from './statistics.mjs';

const ROUNDS = 15;

/** Prints the CPU nanoseconds per call of each candidate: the median and the minimum of interleaved rounds. */
export async function compare(decision, candidates, calls = 20_000) {
  const entries = Object.entries(candidates);
  const measured = new Map(entries.map(([name]) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, run] of entries) {
      const before = process.cpuUsage();
      await run(calls);
      const { user, system } = process.cpuUsage(before);
      if (round > 0) measured.get(name).push(((user + system) * 1000) / calls);
    }
  }
  console.log(`\n${decision}`);
  for (const [name, times] of measured)
    console.log(`  ${name.padEnd(56)} ${median(times).toFixed(0).padStart(7)} ns (${Math.min(...times).toFixed(0)} at best)`); // prettier-ignore
}

let kept;

/** Calls a synchronous function in a loop. Keeps its results, so that the compiler cannot remove the calls. */
export function repeated(run) {
  return (calls) => {
    for (let i = 0; i < calls; i++) kept = run(i);
    return kept;
  };
}

/** Runs an asynchronous function many times, 64 at once. */
export function overlapping(run) {
  return async (calls) => {
    let left = calls;
    async function worker() {
      while (left-- > 0) await run();
    }
    await Promise.all(Array.from({ length: 64 }, worker));
  };
}
