import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisSessionStore } from 'nestjs-redis-session';
import { randomBytes } from 'node:crypto';
import { RedisCluster } from '../support/redis-cluster.js';
import type { SlotMigration } from '../support/slot-migration.js';
import { uniqueName } from '../support/unique-name.js';

const token = () => randomBytes(16).toString('base64url');
const lock = () => ({ token: token(), leaseInMilliseconds: 30_000, waitInMilliseconds: 0 });
const life = { defaultIdleTimeoutInMilliseconds: 600_000 };

describe('a session whose slot is being moved, without retries', () => {
  const applicationName = uniqueName('moving');
  let cluster: RedisCluster;
  let store: RedisSessionStore;
  let id: string;
  let migration: SlotMigration;

  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
    store = new RedisSessionStore(
      cluster.client({ redisOptions: { autoResendUnfulfilledCommands: false } }),
      {
        applicationName,
        operationTimeoutInMilliseconds: 1000,
        retryTimeoutInMilliseconds: 0,
      },
    );
  });
  afterAll(async () => {
    store.close();
    await cluster.stop();
  });

  const create = () =>
    store.create({ id, secretHash: 'hash', attributes: new Map([['name', 'old']]), ...life });
  const save = () => store.save(id, { attributes: new Map([['name', 'new']]), ...life });

  async function beginToMove(): Promise<void> {
    id = token();
    await create();
    const key = `{${applicationName}_${id}}_Data`;
    const to = await cluster.otherMaster(await cluster.masterOf(key));
    migration = await cluster.beginMigration(await cluster.slotOf(key), to);
  }

  describe.each([
    ['has not been moved', 0],
    ['has been moved', 1_000],
  ])('while the session %s', (_, moved) => {
    it('is read, changed and destroyed', async () => {
      await beginToMove();
      await migration.moveKeys(moved);
      expect((await store.load(id))?.attributes.get('name')).toBe('old');
      expect(await save()).toBe('saved');
      expect((await store.load(id))?.attributes.get('name')).toBe('new');
      expect(await store.destroy(id)).toBe(true);
      expect(await store.load(id)).toBeUndefined();
      expect(await save()).toBe('gone');
      await migration.finish();
      expect(await store.load(id)).toBeUndefined();
    });

    it('is destroyed with its lock', async () => {
      await beginToMove();
      await store.loadExclusive(id, lock());
      await migration.moveKeys(moved);
      expect(await store.destroy(id)).toBe(true);
      await migration.finish();
      // A later request finds neither a session nor a lock.
      await create();
      expect(await store.loadExclusive(id, lock())).toMatchObject({ id });
    });
  });
});
