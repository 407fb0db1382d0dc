import { eventually } from '../support/eventually.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import type { RedisServer } from '../support/redis-server.js';
import type { Fault } from './fault.js';
import { bringInStep, untilNoticed } from './orderly-end.js';
import type { Random } from './random.js';
import { masterFaults } from './server-faults.js';

const REPLICAS = 2;
/** Never: a replica that takes over from a master that was only slow loses what that has acknowledged. */
const DOWN_AFTER_MILLISECONDS = 600_000;
const WITHIN_MILLISECONDS = 120_000;

/** A master with two replicas, watched by three Sentinels. */
export class SentinelTopology {
  private constructor(private readonly group: RedisSentinel) {}

  static async start(): Promise<SentinelTopology> {
    const downAfterMilliseconds = DOWN_AFTER_MILLISECONDS;
    return new SentinelTopology(await RedisSentinel.start({ replicas: REPLICAS, downAfterMilliseconds }));
  }

  get nodes(): readonly RedisServer[] {
    return this.group.servers;
  }

  get connection(): object {
    return { sentinel: { name: this.group.name, sentinels: this.group.addresses } };
  }

  masterOf(): Promise<RedisServer> {
    return this.group.master();
  }

  async masters(): Promise<RedisServer[]> {
    return [await this.group.master()];
  }

  faults(): Fault[] {
    const failover = { name: 'redis: failover', weight: 3, run: (random: Random) => this.#failover(random) };
    return [...masterFaults(() => this.masterOf()), failover];
  }

  stop(): Promise<void> {
    return this.group.stop();
  }

  async #failover(random: Random): Promise<void> {
    const old = await this.group.master();
    await bringInStep(old, REPLICAS);
    await old.kill();
    await untilNoticed(random);
    const next = await this.group.promote(WITHIN_MILLISECONDS);
    await old.restart({ args: ['--replicaof', `${next.host} ${next.port}`] });
    const inStep = async (): Promise<boolean> =>
      (await next.admin.info('replication')).match(/state=online/g)?.length === REPLICAS;
    await eventually(inStep, { within: WITHIN_MILLISECONDS, every: 50 });
  }
}
