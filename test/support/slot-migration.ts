import { idOf, nodeTable } from './cluster-setup.js';
import type { RedisServer } from './redis-server.js';

/** The migration of one slot in steps, so that a test can stop while clients get ASK. */
export class SlotMigration {
  constructor(
    readonly slot: number,
    readonly from: RedisServer,
    readonly to: RedisServer,
    private readonly nodes: RedisServer[],
    private readonly password?: string,
  ) {}

  /** The source redirects clients with ASK for missing keys, and the target serves them after ASKING. */
  async begin(): Promise<void> {
    const [source, target] = await Promise.all([idOf(this.from), idOf(this.to)]);
    await this.to.admin.call('CLUSTER', 'SETSLOT', this.slot, 'IMPORTING', source);
    await this.from.admin.call('CLUSTER', 'SETSLOT', this.slot, 'MIGRATING', target);
  }

  /** Moves this many keys, or all. Returns how many it found. */
  async moveKeys(count = 1_000_000): Promise<number> {
    const keys = await this.from.admin.cluster('GETKEYSINSLOT', this.slot, count);
    if (keys.length === 0) return 0;
    const auth = this.password ? ['AUTH', this.password] : [];
    const { host, port } = this.to;
    await this.from.admin.call('MIGRATE', host, port, '', 0, 5_000, ...auth, 'KEYS', ...keys);
    return keys.length;
  }

  /** Moves the remaining keys and makes the target the owner: the source answers MOVED. */
  async finish(): Promise<void> {
    await this.moveKeys();
    const owner = await idOf(this.to);
    const rows = await nodeTable(this.to);
    const masters = new Set(rows.filter((row) => row.flags.includes('master')).map(({ port }) => port));
    // The target first, or the slot would have no owner in between.
    const others = this.nodes.filter(
      (node) => node !== this.to && node !== this.from && node.running && masters.has(node.port),
    );
    await this.to.admin.call('CLUSTER', 'SETSLOT', this.slot, 'NODE', owner);
    await this.from.admin.call('CLUSTER', 'SETSLOT', this.slot, 'NODE', owner);
    await Promise.all(others.map((node) => node.admin.call('CLUSTER', 'SETSLOT', this.slot, 'NODE', owner)));
  }
}
