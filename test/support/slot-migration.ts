import { idOf, nodeTable } from './cluster-setup.js';
import type { RedisServer } from './redis-server.js';

/** One slot on its way from node to node, step by step, so that a test can stop where clients see ASK. */
export class SlotMigration {
  constructor(
    readonly slot: number,
    readonly from: RedisServer,
    readonly to: RedisServer,
    private readonly nodes: RedisServer[],
    private readonly password?: string,
  ) {}

  /** The source sends clients on (ASK) for keys that it has not; the target serves them when asked so (ASKING). */
  async begin(): Promise<void> {
    const [source, target] = await Promise.all([idOf(this.from), idOf(this.to)]);
    await this.to.admin.call('CLUSTER', 'SETSLOT', this.slot, 'IMPORTING', source);
    await this.from.admin.call('CLUSTER', 'SETSLOT', this.slot, 'MIGRATING', target);
  }

  /** Moves this many keys, or all. Returns how many were there to move. */
  async moveKeys(count = 1_000_000): Promise<number> {
    const keys = await this.from.admin.cluster('GETKEYSINSLOT', this.slot, count);
    if (keys.length === 0) return 0;
    const auth = this.password ? ['AUTH', this.password] : [];
    const { host, port } = this.to;
    await this.from.admin.call('MIGRATE', host, port, '', 0, 5_000, ...auth, 'KEYS', ...keys);
    return keys.length;
  }

  /** Moves the rest and makes the target the owner: the source answers MOVED. */
  async finish(): Promise<void> {
    await this.moveKeys();
    const owner = await idOf(this.to);
    const rows = await nodeTable(this.to);
    const masters = new Set(rows.filter((row) => row.flags.includes('master')).map(({ port }) => port));
    // The target first: were the source first, the slot would have no owner in between.
    const others = this.nodes.filter(
      (node) => node !== this.to && node !== this.from && node.running && masters.has(node.port),
    );
    await this.to.admin.call('CLUSTER', 'SETSLOT', this.slot, 'NODE', owner);
    await this.from.admin.call('CLUSTER', 'SETSLOT', this.slot, 'NODE', owner);
    await Promise.all(others.map((node) => node.admin.call('CLUSTER', 'SETSLOT', this.slot, 'NODE', owner)));
  }
}
