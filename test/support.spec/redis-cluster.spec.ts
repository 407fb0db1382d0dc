import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Cluster } from 'ioredis';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';

describe('a cluster of one node', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.startSingle();
  });
  afterAll(() => cluster.stop());

  it('serves all slots and refuses cross-slot commands', async () => {
    const redis = cluster.client();
    await redis.set('a', '1');
    expect(await redis.get('a')).toBe('1');
    const [node] = cluster.nodes;
    await expect(node!.client().mget('a', 'b')).rejects.toThrow('CROSSSLOT');
  });
});

describe('a cluster of three masters and three replicas', () => {
  let cluster: RedisCluster;
  let redis: Cluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ password: 'secret' });
    redis = cluster.client();
  });
  afterAll(() => cluster.stop());

  it('serves keys by slot', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => redis.set(key, key)));
    expect(await Promise.all(keys.map((key) => redis.get(key)))).toEqual(keys);
    const owners = await Promise.all(keys.map((key) => cluster.masterOf(key)));
    expect(new Set(owners).size).toBe(3);
    expect(cluster.nodes.slice(0, 3)).toEqual(expect.arrayContaining(owners));
  });

  it('counts commands on all nodes', async () => {
    await cluster.resetStats();
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => redis.set(key, '1')));
    expect(await cluster.commandStats()).toMatchObject({ set: 4 });
  });

  it('moves a slot step by step: ASK on the way, MOVED at the end', async () => {
    await redis.mset({ '{moving}1': '1', '{moving}2': '2' });
    const from = await cluster.masterOf('{moving}');
    const to = await cluster.otherMaster(from);
    const migration = await cluster.beginMigration(await cluster.slotOf('{moving}'), to);
    expect(await migration.moveKeys(1)).toBe(1);

    const plain = from.client();
    const answers = await Promise.allSettled([
      plain.get('{moving}1'),
      plain.get('{moving}2'),
      plain.get('{moving}3'),
    ]);
    const refusals = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [String(answer.reason)] : [],
    );
    expect(refusals).toEqual([expect.stringContaining('ASK'), expect.stringContaining('ASK')]);
    expect(await redis.get('{moving}1')).toBe('1');
    expect(await redis.get('{moving}2')).toBe('2');

    await migration.finish();
    await expect(plain.get('{moving}1')).rejects.toThrow('MOVED');
    expect(await cluster.masterOf('{moving}')).toBe(to);
    expect(await redis.get('{moving}2')).toBe('2');
  });

  it('survives the death of a master', async () => {
    await redis.set('kept', 'yes');
    const old = await cluster.masterOf('kept');
    await old.admin.wait(1, 1_000);
    const successor = await cluster.failover(old);
    expect(successor).not.toBe(old);
    await eventually(async () => expect(await redis.get('kept')).toBe('yes'));
    expect(await cluster.masterOf('kept')).toBe(successor);

    await old.restart();
    await cluster.whole();
    expect(await old.admin.info('replication')).toContain('role:slave');
  });
});
