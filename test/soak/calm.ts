import { setTimeout as sleep } from 'node:timers/promises';
import { stall } from './application-faults.js';
import type { ApplicationProcess } from './application-process.js';
import type { Random } from './random.js';
import type { SoakSite } from './soak-site.js';
import type { Visitor } from './visitor.js';

/** Late packets of the time before have arrived by then. */
const SETTLE_MILLISECONDS = 6000;
const STALL_MILLISECONDS = [1050, 1500] as const;

/**
 * Redis and the lines are well, and the event loops of the applications stall for longer than an operation may take. The
 * machine may stall, too: a request that fails is asked again, and must be answered then.
 */
export async function calm(
  apps: readonly ApplicationProcess[],
  visitors: readonly Visitor[],
  site: SoakSite,
  random: Random,
  milliseconds: number,
): Promise<void> {
  await sleep(SETTLE_MILLISECONDS);
  const end = performance.now() + milliseconds;
  const over = (): boolean => performance.now() >= end;
  const stalls = async (): Promise<void> => {
    while (!over()) {
      await Promise.all(apps.map((app) => stall(app, random.integer(...STALL_MILLISECONDS))));
      site.figures.fault('calm: event loops stalled');
      await sleep(random.integer(300, 1000));
    }
  };
  await Promise.all([...visitors.map((visitor) => visitor.run(over)), stalls()]);
}
