import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationProcess } from './application-process.js';
import { aMoment, type Fault } from './fault.js';
import type { Random } from './random.js';
import { soakOptions } from './soak-options.js';

/** What can go wrong with one application. */
export function applicationFaults(app: ApplicationProcess): Fault[] {
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
      name: 'application: killed, restarted',
      run: async () => {
        await app.kill();
        await app.start();
      },
    },
  ];
}
