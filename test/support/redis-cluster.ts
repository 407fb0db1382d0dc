import { Cluster, type ClusterOptions } from 'ioredis';
import { clusterIsWhole, idOf, joinNodes, nodeTable, slotOwner } from './cluster-setup.js';
import { eventually } from './eventually.js';
import { RedisServer } from './redis-server.js';
import { SlotMigration } from './slot-migration.js';

export interface RedisClusterOptions {
  masters?: number;
  /** In total, assigned to the masters in turn. */
  replicas?: number;
  /** A node that is silent for this long is considered failed. Its replica then takes over in about a second. @default 1500 */
  nodeTimeoutInMilliseconds?: number;
  password?: string;
  /** More arguments for every node. */
  args?: string[];
}

/** A Redis Cluster on loopback ports, complete when `start` resolves (2 s: a new node refuses writes that long). */
export class RedisCluster {
  #clients = new Set<Cluster>();

  private constructor(
    /** The initial masters, then the initial replicas. A failover changes the roles. */
    readonly nodes: RedisServer[],
    private readonly options: RedisClusterOptions,
  ) {}

  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { masters = 3, replicas = 3 } = options;
    const servers = Array.from({ length: masters + replicas }, () => RedisServer.start(nodeOptions(options)));
    const started = await Promise.allSettled(servers);
    const nodes = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    const cluster = new RedisCluster(nodes, options);
    try {
      await Promise.all(servers);
      await joinNodes(nodes, masters);
      await cluster.whole();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** One node with all slots, which refuses cross-slot commands as any cluster does. */
  static startSingle(options: Omit<RedisClusterOptions, 'masters' | 'replicas'> = {}): Promise<RedisCluster> {
    return RedisCluster.start({ ...options, masters: 1, replicas: 0 });
  }

  /** The startup nodes of a client. */
  get startupNodes(): { host: string; port: number }[] {
    return this.nodes.map(({ host, port }) => ({ host, port }));
  }

  /** A client that `stop()` closes. */
  client(options: ClusterOptions = {}): Cluster {
    const redisOptions = { password: this.options.password, disconnectTimeout: 100, ...options.redisOptions };
    const client = new Cluster(this.startupNodes, { ...options, redisOptions });
    client.on('error', () => undefined);
    this.#clients.add(client);
    return client;
  }

  slotOf(key: string): Promise<number> {
    return this.#anyNode.admin.cluster('KEYSLOT', key);
  }

  /** The node that serves this key (or slot) now. */
  async masterOf(key: string | number): Promise<RedisServer> {
    const slot = typeof key === 'number' ? key : await this.slotOf(key);
    const port = await slotOwner(this.#anyNode, slot);
    const owner = this.nodes.find((node) => node.port === port);
    if (!owner) throw new Error(`No node serves slot ${slot}.`);
    return owner;
  }

  /** Resolves when all nodes that run agree that every slot is served by a node that runs, and replicas are in step. */
  async whole(within = 15_000): Promise<void> {
    await eventually(() => clusterIsWhole(this.nodes), { within, every: 25 });
  }

  /** Kills a master. Returns the replica that took over. */
  async failover(master: RedisServer): Promise<RedisServer> {
    const slot = await this.#firstSlotOf(master);
    await master.kill();
    await this.whole();
    return this.masterOf(slot);
  }

  /** A replica of a master. */
  async replicaOf(master: RedisServer): Promise<RedisServer> {
    const id = await idOf(master);
    const row = (await nodeTable(master)).find(({ masterId }) => masterId === id);
    const replica = this.nodes.find(({ port }) => port === row?.port);
    if (!replica) throw new Error(`The node on port ${master.port} has no replica.`);
    return replica;
  }

  /** Makes a replica take over the slots of its master now, without asking the other nodes. */
  async promote(replica: RedisServer): Promise<void> {
    await replica.admin.call('CLUSTER', 'FAILOVER', 'TAKEOVER');
  }

  /** Starts to move a slot: its source answers ASK for missing keys. `moveKeys()` and `finish()` continue. */
  async beginMigration(slot: number, to: RedisServer): Promise<SlotMigration> {
    const from = await this.masterOf(slot);
    const migration = new SlotMigration(slot, from, to, this.nodes, this.options.password);
    await migration.begin();
    return migration;
  }

  /** Moves a slot with all its keys: its source answers MOVED from now on. */
  async migrateSlot(slot: number, to: RedisServer): Promise<void> {
    const migration = await this.beginMigration(slot, to);
    await migration.finish();
  }

  /** A master other than this one. */
  async otherMaster(than: RedisServer): Promise<RedisServer> {
    const owners = await Promise.all([0, 8_191, 16_383].map((slot) => this.masterOf(slot)));
    const other = owners.find((node) => node !== than);
    if (!other) throw new Error('The cluster has one master only.');
    return other;
  }

  /** Calls of each command on the masters (replicas repeat the writes), without the harness's own. */
  async commandStats(): Promise<Record<string, number>> {
    const rows = await nodeTable(this.#anyNode);
    const masters = new Set(rows.filter(({ flags }) => flags.includes('master')).map(({ port }) => port));
    const all = await Promise.all(
      this.#running.filter(({ port }) => masters.has(port)).map((node) => node.commandStats()),
    );
    const sum: Record<string, number> = {};
    for (const [name, calls] of all.flatMap(Object.entries<number>)) sum[name] = (sum[name] ?? 0) + calls;
    return sum;
  }

  async resetStats(): Promise<void> {
    await Promise.all(this.#running.map((node) => node.resetStats()));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  get #running(): RedisServer[] {
    return this.nodes.filter((node) => node.running);
  }

  get #anyNode(): RedisServer {
    const [node] = this.#running;
    if (!node) throw new Error('No node of the cluster runs.');
    return node;
  }

  async #firstSlotOf(master: RedisServer): Promise<number> {
    const slot = (await nodeTable(master)).find(({ port }) => port === master.port)?.slots[0]?.[0];
    if (slot === undefined)
      throw new Error(`The node on port ${master.port} serves no slot: it is no master.`);
    return slot;
  }
}

function nodeOptions({ nodeTimeoutInMilliseconds = 1_500, password, args = [] }: RedisClusterOptions) {
  const settings = {
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    'cluster-node-timeout': nodeTimeoutInMilliseconds,
    'cluster-announce-ip': '127.0.0.1',
    // A replica may take over however long it has not heard from its master.
    'cluster-replica-validity-factor': 0,
    'repl-diskless-sync-delay': 0,
    'repl-ping-replica-period': 1,
    ...(password && { masterauth: password }),
  };
  return {
    password,
    args: [...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]), ...args],
  };
}
