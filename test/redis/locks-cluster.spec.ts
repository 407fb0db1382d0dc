import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisSessionStore } from 'nestjs-redis-session';
import { randomBytes } from 'node:crypto';
import { RedisCluster } from '../support/redis-cluster.js';
import { uniqueName } from '../support/unique-name.js';

const newToken = () => randomBytes(16).toString('base64url');

describe('locks in a cluster', () => {
  const applicationName = uniqueName('locks');
  let cluster: RedisCluster;
  let stores: RedisSessionStore[];
  let id: string;

  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
    const options = {
      applicationName,
      operationTimeoutInMilliseconds: 1000,
      retryTimeoutInMilliseconds: 10_000,
    };
    stores = [0, 1, 2].map(() => new RedisSessionStore(cluster.client(), options));
  });
  afterAll(async () => {
    for (const store of stores) store.close();
    await cluster.stop();
  });

  async function count(increments: number): Promise<void> {
    id = newToken();
    await stores[0]!.create({
      id,
      secretHash: 'hash',
      defaultIdleTimeoutInMilliseconds: 600_000,
      attributes: new Map([['n', '0']]),
    });
    await Promise.all(
      stores.map(async (store) => {
        for (let done = 0; done < increments; done++) await increment(store);
      }),
    );
  }

  async function increment(store: RedisSessionStore): Promise<void> {
    const token = newToken();
    const lock = { token, leaseInMilliseconds: 30_000, waitInMilliseconds: 15_000 };
    const record = await store.loadExclusive(id, lock);
    if (typeof record !== 'object') throw new Error(`loadExclusive answered ${String(record)}`);
    const outcome = await store.save(id, {
      defaultIdleTimeoutInMilliseconds: 600_000,
      attributes: new Map([['n', String(Number(record.attributes.get('n')) + 1)]]),
      lock: { token, release: true },
    });
    if (outcome !== 'saved') throw new Error(`save answered ${outcome}`);
  }

  const counted = async () => (await stores[0]!.load(id))?.attributes.get('n');

  it('pass from process to process, whichever nodes the processes listen to', async () => {
    await count(20);
    expect(await counted()).toBe('60');
  });

  it('lose no increment while their slot moves to another node', async () => {
    const counting = count(100);
    const slot = await cluster.slotOf(`{${applicationName}_${id}}_Data`);
    const target = await cluster.otherMaster(await cluster.masterOf(slot));
    const migration = await cluster.beginMigration(slot, target);
    await migration.moveKeys(1);
    await migration.finish();
    await counting;
    expect(await counted()).toBe('300');
  });
});
