import { eventually } from './eventually.js';
import type { RedisServer } from './redis-server.js';

const SLOTS = 16_384;

/** What `redis-cli --cluster create` does: epochs, slots, introductions, replicas. */
export async function joinNodes(nodes: RedisServer[], masterCount: number): Promise<void> {
  const masters = nodes.slice(0, masterCount);
  await Promise.all(nodes.map((node, index) => node.admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)));
  const share = (index: number) => Math.floor((index * SLOTS) / masterCount);
  await Promise.all(
    masters.map((node, index) =>
      node.admin.call('CLUSTER', 'ADDSLOTSRANGE', share(index), share(index + 1) - 1),
    ),
  );
  await Promise.all(pairs(nodes).map(([a, b]) => a.admin.call('CLUSTER', 'MEET', b.host, b.port)));
  const replicas = nodes.slice(masterCount);
  await Promise.all(replicas.map((replica, index) => follow(replica, masters[index % masterCount]!)));
}

// A node refuses to replicate a master that it does not know yet.
async function follow(replica: RedisServer, master: RedisServer): Promise<void> {
  const id = await idOf(master);
  await eventually(() => replica.admin.call('CLUSTER', 'REPLICATE', id));
}

export async function idOf(node: RedisServer): Promise<string> {
  return String(await node.admin.call('CLUSTER', 'MYID'));
}

/** Whether all running nodes agree that running nodes serve all slots, and the replicas are in sync. */
export async function clusterIsWhole(nodes: RedisServer[]): Promise<boolean> {
  const running = nodes.filter((node) => node.running);
  const views = await Promise.all(running.map((node) => isWholeFor(node, running)));
  return views.every(Boolean);
}

async function isWholeFor(node: RedisServer, running: RedisServer[]): Promise<boolean> {
  const info = String(await node.admin.call('CLUSTER', 'INFO'));
  if (!info.includes('cluster_state:ok')) return false;
  const replication = await node.admin.info('replication');
  if (/master_link_status:down/.test(replication)) return false;
  const table = await nodeTable(node);
  const known = running.map(({ port }) => table.find((row) => row.port === port));
  if (known.some((row) => !row || isUnreachable(row))) return false;
  // Each of the others is a replica of a running master, or serves slots itself. A master without slots is about to become
  // a replica.
  const masters = known.filter((row) => row!.flags.includes('master'));
  const served = masters.reduce(
    (sum, row) => sum + row!.slots.reduce((all, [from, to]) => all + to - from + 1, 0),
    0,
  );
  const rest = known.filter((row) => row!.flags.includes('slave'));
  if (masters.some((row) => row!.slots.length === 0)) return false;
  return served === SLOTS && rest.every((row) => masters.some((master) => master!.id === row!.masterId));
}

// Not "nofailover".
function isUnreachable({ flags }: Row): boolean {
  return flags.split(',').some((flag) => ['handshake', 'fail', 'fail?', 'noaddr'].includes(flag));
}

interface Row {
  id: string;
  port: number;
  flags: string;
  masterId: string;
  slots: [number, number][];
}

/** CLUSTER NODES, as this node sees the cluster. */
export async function nodeTable(node: RedisServer): Promise<Row[]> {
  const lines = String(await node.admin.call('CLUSTER', 'NODES'))
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [id = '', address = '', flags = '', masterId = '', , , , , ...slots] = line.split(' ');
    const ranges = slots.filter((slot) => !slot.startsWith('[')).map((slot) => slot.split('-').map(Number));
    return {
      id,
      port: Number(/:(\d+)@/.exec(address)?.[1]),
      flags,
      masterId,
      slots: ranges.map(([from = 0, to = from]) => [from, to]),
    };
  });
}

/** Port of the master that serves this slot, as this node sees it. */
export async function slotOwner(node: RedisServer, slot: number): Promise<number | undefined> {
  const table = await nodeTable(node);
  return table.find((row) => row.slots.some(([from, to]) => from <= slot && slot <= to))?.port;
}

function pairs<T>(items: T[]): [T, T][] {
  return items.flatMap((a, index) => items.slice(index + 1).map((b): [T, T] => [a, b]));
}
