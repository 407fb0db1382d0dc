import type { Cluster } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionRepository } from 'nestjs-redis-session';
import { login } from '../repository/users-fixture.js';
import { repositoryOf } from '../session/session-fixture.js';
import { nodeTable } from '../support/cluster-setup.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { Connected } from './redis-fixture.js';

describe('destroyAll() while a cluster moves slots', () => {
  let cluster: RedisCluster;
  let connected: Connected;
  let sessions: SessionRepository;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
  });
  afterAll(() => cluster?.stop());
  beforeEach(async () => {
    connected = new Connected({
      applicationName: uniqueName('shop'),
      cluster: { nodes: cluster.startupNodes },
      operationTimeoutInMilliseconds: 5000,
    });
    await connected.connection.open();
    sessions = repositoryOf(connected.store);
  });
  afterEach(async () => {
    connected.store.close();
    await connected.connection.close();
  });

  const keyOf = (id: string) => connected.keyOf(id);

  async function logins(count: number): Promise<string[]> {
    const all = await Promise.all(Array.from({ length: count }, (_, n) => login(sessions, String(n % 7))));
    return all.map(({ id }) => id);
  }
  /** The sessions that are left on any node. */
  async function left(): Promise<string[]> {
    const found = await Promise.all(cluster.nodes.map((node) => node.admin.keys(keyOf('*'))));
    return found.flat();
  }
  /** The masters in the order in which they are read. */
  function masters(): RedisServer[] {
    const ports = (connected.client as Cluster).nodes('master').map(({ options }) => options.port);
    return ports.map((port) => cluster.nodes.find((node) => node.port === port)!);
  }
  /** One of these sessions that is on this node. */
  async function sessionOn(node: RedisServer, ids: readonly string[]): Promise<string> {
    for (const id of ids) if ((await cluster.masterOf(keyOf(id))) === node) return id;
    throw new Error(`No session is on the node on port ${node.port}.`);
  }

  it('finds a session that moves to a node that has been read', async () => {
    const ids = await logins(60);
    const [first, , last] = masters();
    const moving = await sessionOn(last!, ids);
    const found = new Set<string>();
    let moved = false;
    for await (const batch of connected.store.index.all()) {
      for (const id of batch) found.add(id);
      if (moved) continue;
      moved = true;
      expect(found.has(moving)).toBe(false);
      await cluster.migrateSlot(await cluster.slotOf(keyOf(moving)), first!);
    }
    expect([...found].toSorted()).toEqual(ids.toSorted());
    expect(await sessions.destroyAll()).toBe(60);
    expect(await left()).toEqual([]);
  });

  it.each([
    ['has not been moved', 0],
    ['has been moved', 1_000],
  ])('ends a session whose slot is being moved, and which %s', async (_, moved) => {
    const ids = await logins(60);
    const moving = keyOf(ids[0]!);
    const to = await cluster.otherMaster(await cluster.masterOf(moving));
    const migration = await cluster.beginMigration(await cluster.slotOf(moving), to);
    await migration.moveKeys(moved);
    expect(await sessions.destroyAll()).toBe(60);
    await migration.finish();
    expect(await left()).toEqual([]);
  });

  it('ends every session of which slots move meanwhile', async () => {
    const ids = await logins(600);
    const slots = await Promise.all(ids.map((id) => cluster.slotOf(keyOf(id))));
    let done = false;
    const moves = (async () => {
      for (const slot of new Set(slots)) {
        if (done) return;
        await cluster.migrateSlot(slot, await cluster.otherMaster(await cluster.masterOf(slot)));
      }
    })();
    const ended = await sessions.destroyAll().finally(() => (done = true));
    await moves;
    expect(ended).toBe(600);
    expect(await left()).toEqual([]);
  }, 60_000);

  it('finds a session that moves to a node that has joined since', async () => {
    const ids = await logins(60);
    const joined = await RedisServer.start({
      args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
    });
    await joined.admin.call('CLUSTER', 'SET-CONFIG-EPOCH', 100);
    cluster.nodes.push(joined);
    await Promise.all(
      cluster.nodes.map((node) => node.admin.call('CLUSTER', 'MEET', joined.host, joined.port)),
    );
    await eventually(async () => {
      for (const node of cluster.nodes) expect(await nodeTable(node)).toHaveLength(4);
      expect(String(await joined.admin.call('CLUSTER', 'INFO'))).toContain('cluster_state:ok');
    });
    const [, , last] = masters();
    const moving = await sessionOn(last!, ids);
    const found = new Set<string>();
    let moved = false;
    for await (const batch of connected.store.index.all()) {
      for (const id of batch) found.add(id);
      if (moved) continue;
      moved = true;
      await cluster.migrateSlot(await cluster.slotOf(keyOf(moving)), joined);
    }
    expect([...found].toSorted()).toEqual(ids.toSorted());
    expect(await sessions.destroyAll()).toBe(60);
    expect(await left()).toEqual([]);
  });
});
