import { eventually } from '../support/eventually.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import type { RedisServer } from '../support/redis-server.js';
import type { Fault } from './fault.js';
import { bringInStep } from './orderly-end.js';
import { masterFaults } from './server-faults.js';

const REPLICAS = 2;
/** Stalls of the machine are shorter: only a master that the soak kills is taken for dead. */
const DOWN_AFTER_MILLISECONDS = 3000;

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
    const failover = { name: 'redis: failover', weight: 3, run: () => this.#failover() };
    return [...masterFaults(() => this.masterOf()), failover];
  }

  stop(): Promise<void> {
    return this.group.stop();
  }

  async #failover(): Promise<void> {
    const old = await this.group.master();
    await bringInStep(old, REPLICAS);
    const next = await this.group.failover();
    await old.restart({ args: ['--replicaof', `${next.host} ${next.port}`] });
    const inStep = async (): Promise<boolean> =>
      (await next.admin.info('replication')).match(/state=online/g)?.length === REPLICAS;
    await eventually(inStep, { within: 30_000, every: 50 });
  }
}
