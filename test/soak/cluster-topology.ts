import { RedisCluster } from '../support/redis-cluster.js';
import type { RedisServer } from '../support/redis-server.js';
import { aMoment, type Fault } from './fault.js';
import { bringInStep, untilNoticed } from './orderly-end.js';
import type { Random } from './random.js';
import { masterFaults } from './server-faults.js';

const SLOTS = 16_384;
const REPLICAS_OF_A_MASTER = 1;
const NODE_TIMEOUT_MILLISECONDS = 3000;
/** A replica that takes over from a master that was only slow loses what that has acknowledged. */
const ONLY_WHEN_TOLD = ['--cluster-replica-no-failover', 'yes', '--cluster-allow-replica-migration', 'no'];
const WHOLE_WITHIN_MILLISECONDS = 120_000;

/** Three masters with a replica each. */
export class ClusterTopology {
  private constructor(private readonly cluster: RedisCluster) {}

  static async start(): Promise<ClusterTopology> {
    const nodeTimeoutInMilliseconds = NODE_TIMEOUT_MILLISECONDS;
    return new ClusterTopology(await RedisCluster.start({ nodeTimeoutInMilliseconds, args: ONLY_WHEN_TOLD }));
  }

  get nodes(): readonly RedisServer[] {
    return this.cluster.nodes;
  }

  get connection(): object {
    return { cluster: { nodes: this.cluster.startupNodes } };
  }

  masterOf(key: string): Promise<RedisServer> {
    return this.cluster.masterOf(key);
  }

  async masters(): Promise<RedisServer[]> {
    // The first slots of the masters, as they began: a failover gives all of them to one node.
    const slots = [0, Math.ceil(SLOTS / 2), SLOTS - 1];
    return [...new Set(await Promise.all(slots.map((slot) => this.cluster.masterOf(slot))))];
  }

  faults(keys: () => string[]): Fault[] {
    const master = async (random: Random): Promise<RedisServer> => random.pick(await this.masters());
    return [
      ...masterFaults(master),
      {
        name: 'redis: failover',
        weight: 3,
        run: async (random) => this.#failover(await master(random), random),
      },
      { name: 'redis: slot moved', weight: 6, run: (random) => this.#move(random, keys()) },
    ];
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }

  async #failover(old: RedisServer, random: Random): Promise<void> {
    const heir = await this.cluster.replicaOf(old);
    await bringInStep(old, REPLICAS_OF_A_MASTER);
    await old.kill();
    await untilNoticed(random);
    await this.cluster.promote(heir);
    await this.cluster.whole(WHOLE_WITHIN_MILLISECONDS);
    await old.restart();
    await this.cluster.whole(WHOLE_WITHIN_MILLISECONDS);
  }

  /** Moves the slot of a session in use, its keys one after the other. */
  async #move(random: Random, keys: string[]): Promise<void | false> {
    if (keys.length === 0) return false;
    const slot = await this.cluster.slotOf(random.pick(keys));
    const to = await this.cluster.otherMaster(await this.cluster.masterOf(slot));
    const migration = await this.cluster.beginMigration(slot, to);
    await aMoment(random);
    await migration.moveKeys(1);
    await aMoment(random);
    await migration.finish();
  }
}
