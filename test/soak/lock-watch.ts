import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Figures } from './figures.js';
import { answered } from './patience.js';
import { soakOptions } from './soak-options.js';
import type { Topology } from './topology.js';

const { applicationName, lock } = soakOptions;

/** Looks at the locks in Redis: each ends by itself, and not later than its lease. */
export class LockWatch {
  constructor(
    private readonly topology: Topology,
    private readonly figures: Figures,
  ) {}

  async run(over: () => boolean): Promise<void> {
    while (!over()) {
      // A server that is away has no locks to show.
      await this.#look().catch(() => undefined);
      await sleep(500);
    }
  }

  /** No request is under way: what faults have left ends with its lease. */
  async expectNone(): Promise<void> {
    let left: { key: string }[] = [];
    const none = async (): Promise<boolean> => (left = await this.#locks()).length === 0;
    if (await answered(none)) return;
    for (const { key } of left)
      this.figures.violated(`the lock ${key} has stayed`, [], { kind: 'a lock has stayed' });
  }

  async #look(): Promise<void> {
    for (const { key, redis } of await this.#locks()) {
      const left = await redis.pttl(key);
      // -2: it has ended since. The next one in a line has two seconds to make the lease its own.
      if (left === -1 || left > Math.max(lock.leaseInMilliseconds, 2000))
        this.figures.violated(`the lock ${key} ends in ${left} ms`, [], {
          kind: 'a lock outlives its lease',
        });
    }
  }

  async #locks(): Promise<{ key: string; redis: Redis }[]> {
    const masters = await this.topology.masters();
    const found = masters.map(async ({ admin }) => {
      const keys = await admin.keys(`{${applicationName}_*}_Write_Lock`);
      return keys.map((key) => ({ key, redis: admin }));
    });
    return (await Promise.all(found)).flat();
  }
}
