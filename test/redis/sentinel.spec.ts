import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { RedisServer } from '../support/redis-server.js';
import { createdIn, withConnection } from './redis-fixture.js';

describe('a connection through Sentinels', () => {
  let group: RedisSentinel;
  beforeAll(async () => {
    group = await RedisSentinel.start({ replicas: 1, sentinels: 1 });
  }, 30_000);
  afterAll(() => group?.stop());

  it('stores sessions in the master that they name', async () => {
    await withConnection(
      { sentinel: { name: group.name, sentinels: group.addresses } },
      async ({ store, keyOf }) => {
        const { id } = await createdIn(store);
        expect(await (await group.master()).admin.exists(keyOf(id))).toBe(1);
        expect(await store.load(id)).toBeDefined();
      },
    );
  });

  it('skips a Sentinel that is frozen', async () => {
    const frozen = await RedisServer.start();
    frozen.freeze();
    try {
      const sentinels = [{ host: frozen.host, port: frozen.port }, ...group.addresses];
      const options = { connectionTimeoutInMilliseconds: 300, retryTimeoutInMilliseconds: 3000 };
      await withConnection({ ...options, sentinel: { name: group.name, sentinels } }, async ({ store }) => {
        expect(await store.load('x'.repeat(22))).toBeUndefined();
      });
    } finally {
      await frozen.stop();
    }
  });
});
