import { describe, expect, it } from '@jest/globals';
import { RedisSessionStore, SessionStoreUnavailableError } from 'nestjs-redis-session';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { createdIn, failureOf, withConnection } from './redis-fixture.js';

const IDLE = 1_200_000;
const touchAll = (store: RedisSessionStore, ids: string[]) =>
  Promise.all(ids.map((id) => store.touch(id, { defaultIdleTimeoutInMilliseconds: IDLE })));

describe('touches of one turn of the event loop', () => {
  it('slide each session, with a plain command', async () => {
    const server = await RedisServer.start();
    await withConnection({ port: server.port }, async ({ store, client, keyOf }) => {
      const sessions = await Promise.all([1, 2, 3].map(() => createdIn(store)));
      const ids = sessions.map(({ id }) => id);
      await server.resetStats();
      expect(await touchAll(store, ids)).toEqual([true, true, true]);
      expect(await server.commandStats()).toEqual({ pexpire: 3 });
      for (const id of ids) expect(await client.pttl(keyOf(id))).toBeGreaterThan(IDLE / 2);
      expect(await touchAll(store, [ids[0]!, 'x'.repeat(22)])).toEqual([true, false]);
    });
    await server.stop();
  });

  it('are one script with an absolute timeout, which caps the expiry', async () => {
    const server = await RedisServer.start();
    await withConnection({ port: server.port }, async ({ store, client, keyOf }) => {
      const { id } = await createdIn(store);
      const touch = { defaultIdleTimeoutInMilliseconds: IDLE, absoluteTimeoutInMilliseconds: 60_000 };
      await store.touch(id, touch);
      await server.resetStats();
      expect(await store.touch(id, touch)).toBe(true);
      expect(await server.commandStats()).toEqual({ evalsha: 1, hmget: 1, time: 1, pexpire: 1 });
      expect(await client.pttl(keyOf(id))).toBeLessThanOrEqual(60_000);
    });
    await server.stop();
  });

  it('fail if Redis refuses them', async () => {
    const server = await RedisServer.start({ acl: ['reader on >pw ~* &* +@all -pexpire'] });
    await withConnection(
      { port: server.port, username: 'reader', accessKey: 'pw' },
      async ({ store, client, keyOf }) => {
        for (const id of ['a'.repeat(22), 'b'.repeat(22)]) await client.hset(keyOf(id), ':secret', 'hash');
        const failures = await Promise.all(
          ['a'.repeat(22), 'b'.repeat(22)].map((id) =>
            failureOf(store.touch(id, { defaultIdleTimeoutInMilliseconds: IDLE })),
          ),
        );
        for (const failure of failures) expect(failure).toBeInstanceOf(SessionStoreUnavailableError);
      },
    );
    await server.stop();
  });

  it('reach the sessions on all nodes of a cluster', async () => {
    const cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
    const options = { operationTimeoutInMilliseconds: 1000, retryTimeoutInMilliseconds: 10_000 };
    const store = new RedisSessionStore(cluster.client(), { ...options, applicationName: uniqueName() });
    const sessions = await Promise.all(Array.from({ length: 9 }, () => createdIn(store)));
    const ids = [...sessions.map(({ id }) => id), 'x'.repeat(22)];
    expect(await touchAll(store, ids)).toEqual([...sessions.map(() => true), false]);
    store.close();
    await cluster.stop();
  });
});
