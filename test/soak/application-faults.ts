import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationProcess } from './application-process.js';
import { aMoment, type Fault } from './fault.js';
import type { Figures } from './figures.js';
import type { Random } from './random.js';
import { send } from './soak-client.js';
import { soakOptions } from './soak-options.js';

/** Requests are answered, and the program has ended, this long after SIGTERM. */
const ENDS_WITHIN_MILLISECONDS = 60_000;

/** What can go wrong with one application. */
export function applicationFaults(app: ApplicationProcess, figures: Figures): Fault[] {
  const stopped = (name: string, forAWhile: (random: Random) => Promise<unknown>, weight = 1): Fault => ({
    name,
    weight,
    run: async (random) => {
      app.freeze();
      await forAWhile(random);
      app.thaw();
    },
  });
  const pastItsLease = soakOptions.lock.leaseInMilliseconds + 300;
  return [
    stopped('application: stopped', aMoment, 6),
    stopped('application: stopped past its lease', () => sleep(pastItsLease), 2),
    {
      name: 'application: event loop stalled',
      weight: 6,
      run: (random) => stall(app, random.integer(50, 1500)),
    },
    {
      name: 'application: killed, restarted',
      weight: 2,
      run: async () => {
        await app.kill();
        await app.start();
      },
    },
    {
      name: 'application: SIGTERM, restarted',
      weight: 2,
      run: async () => {
        if (!(await app.terminate(ENDS_WITHIN_MILLISECONDS)))
          figures.violated(`the application on ${app.name} does not end after SIGTERM`, []);
        await app.start();
      },
    },
  ];
}

/** Its event loop does nothing else for so long; time passes for it, unlike for a process that is stopped. */
export async function stall(app: ApplicationProcess, milliseconds: number): Promise<void> {
  const { begin, end } = await send(app, { method: 'POST', path: '/stall', body: { milliseconds } });
  app.stoodStill(begin, end);
}
