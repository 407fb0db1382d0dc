import { setTimeout as sleep } from 'node:timers/promises';
import type { Figures } from './figures.js';
import type { Random } from './random.js';

/** Something that goes wrong for a while. */
export interface Fault {
  readonly name: string;
  /** How often it is chosen, beside others. @default 1 */
  readonly weight?: number;
  /** Ends when everything is as before; `false` where nothing has come of it. */
  readonly run: (random: Random) => Promise<void | boolean>;
}

/** Makes one fault after the other, with a rest between two. Several such lines run at once, each with faults of its own. */
export async function injectFaults(
  faults: readonly Fault[],
  rest: { from: number; to: number },
  figures: Figures,
  random: Random,
  over: () => boolean,
): Promise<void> {
  const choice = faults.flatMap((fault) => Array.from({ length: fault.weight ?? 1 }, () => fault));
  while (!over()) {
    const fault = random.pick(choice);
    const from = performance.now();
    if ((await fault.run(random)) !== false) figures.fault(fault.name, from);
    await sleep(random.integer(rest.from, rest.to));
  }
}

/** A fault that is there from `begin` until what that gives is called, a moment later or a while. */
export function lastingFault(
  name: string,
  begin: (random: Random) => Promise<() => unknown>,
  last: (random: Random) => Promise<void> = aMoment,
): Fault {
  return {
    name,
    // Long ones are seldom: nothing else goes on meanwhile.
    weight: last === aMoment ? 3 : 1,
    run: async (random) => {
      const undo = await begin(random);
      await last(random);
      await undo();
    },
  };
}

/** Waits as long as a short fault lasts. */
export function aMoment(random: Random): Promise<void> {
  return sleep(random.integer(20, 300));
}

/** Waits until every request that was waiting must have given up. */
export function aWhile(random: Random): Promise<void> {
  return sleep(random.integer(1500, 3000));
}
