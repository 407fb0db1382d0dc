import { setTimeout as sleep } from 'node:timers/promises';
import { stall } from './application-faults.js';
import type { ApplicationProcess } from './application-process.js';
import type { Random } from './random.js';
import type { SoakSite } from './soak-site.js';
import type { Topology } from './topology.js';
import type { Visitor } from './visitor.js';

const LOOK_EVERY_MILLISECONDS = 25;
/** A machine that is busy elsewhere: what happens meanwhile shows nothing. */
const SLOW_MILLISECONDS = 100;
/** Late packets of the time before have arrived by then. */
const SETTLE_MILLISECONDS = 6000;
const STALL_MILLISECONDS = [1050, 1500] as const;

/**
 * Redis and the lines are well, and the event loops of the applications stall for longer than an operation may take: a
 * reply that has arrived meanwhile is there, so no request may fail.
 */
export async function calm(
  apps: readonly ApplicationProcess[],
  visitors: readonly Visitor[],
  site: SoakSite,
  topology: Topology,
  random: Random,
  milliseconds: number,
): Promise<void> {
  await sleep(SETTLE_MILLISECONDS);
  const end = performance.now() + milliseconds;
  const over = (): boolean => performance.now() >= end;
  const machine = new MachineWatch(topology);
  site.onReply = (reply, history) => {
    if (reply.status !== 503 || machine.wasSlow(reply.begin, reply.end)) return;
    site.figures.violated('a request failed while only event loops stalled', history, { seen: '503' });
  };
  const stalls = async (): Promise<void> => {
    while (!over()) {
      await Promise.all(apps.map((app) => stall(app, random.integer(...STALL_MILLISECONDS))));
      site.figures.fault('calm: event loops stalled');
      await sleep(random.integer(300, 1000));
    }
  };
  await Promise.all([...visitors.map((visitor) => visitor.run(over)), stalls(), machine.run(over)]);
  site.onReply = undefined;
}

/** Asks Redis all the time, to know when the machine or Redis was slow, and not the application. */
class MachineWatch {
  readonly #slow: { from: number; to: number }[] = [];

  constructor(private readonly topology: Topology) {}

  async run(over: () => boolean): Promise<void> {
    const masters = await this.topology.masters();
    while (!over()) {
      const from = performance.now();
      await Promise.all(masters.map(({ admin }) => admin.ping()));
      await sleep(LOOK_EVERY_MILLISECONDS);
      const to = performance.now();
      if (to - from > SLOW_MILLISECONDS) this.#slow.push({ from, to });
    }
  }

  wasSlow(begin: number, end: number): boolean {
    return this.#slow.some(({ from, to }) => from <= end && to >= begin);
  }
}
