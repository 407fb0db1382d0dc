import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import { createdIn, failureOf, withConnection, type Connected } from './redis-fixture.js';

/** Stores, loads and destroys a session through the connection. */
async function roundTrip({ store, log }: Connected): Promise<void> {
  const { id } = await createdIn(store, { cart: '["tea"]' });
  expect((await store.load(id))?.attributes).toEqual(new Map([['cart', '["tea"]']]));
  expect(await store.destroy(id)).toBe(true);
  expect(log).toEqual([]);
}

describe('a connection that the module makes', () => {
  const servers: RedisServer[] = [];
  const start = async (...options: Parameters<typeof RedisServer.start>) => {
    servers.push(await RedisServer.start(...options));
    return servers.at(-1)!;
  };
  let plain: RedisServer;
  beforeAll(async () => {
    plain = await start();
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('stores sessions in a plain Redis', () => withConnection({ port: plain.port }, roundTrip));

  it('stores them in the database of databaseId', async () => {
    await withConnection({ port: plain.port, databaseId: 3 }, async (connected) => {
      const { id } = await createdIn(connected.store);
      expect(await plain.client({ db: 3 }).keys(`*${id}*`)).toHaveLength(1);
      expect(await plain.admin.keys(`*${id}*`)).toHaveLength(0);
    });
  });

  it('uses no other database if that one does not exist', async () => {
    await withConnection({ port: plain.port, databaseId: 99 }, async ({ store, log }) => {
      const error = await failureOf(createdIn(store));
      expect(error.message).toContain('ERR DB index is out of range');
      expect(log).toEqual([
        'warning: Redis is not reachable; sessions are not available: ERR DB index is out of range',
      ]);
    });
    expect(await plain.admin.dbsize()).toBe(0);
  });

  it('stores them over TLS, with the CA of tls.ca', async () => {
    const tls = await start({ tls: true });
    await withConnection({ port: tls.port, ssl: true, tls: { ca: tls.ca! } }, roundTrip);
  });

  it('refuses a TLS server whose certificate is not trusted', async () => {
    const tls = await start({ tls: true });
    await withConnection({ port: tls.port, ssl: true }, async ({ store, log }) => {
      expect((await failureOf(store.load('x'.repeat(22)))).message).toContain('self-signed certificate');
      expect(log[0]).toContain('self-signed certificate');
    });
  });

  it('stores them as an ACL user with only the documented permissions', async () => {
    const rights =
      '+hgetall +pexpire +pexpireat +evalsha +eval +hget +hset +hdel +hmget +time +get +del +publish';
    const server = await start({
      acl: [`shop on >p@ss ~{shop_* &* ${rights} +hello +info +quit`, 'default off'],
    });
    const options = { port: server.port, username: 'shop', accessKey: 'p@ss', applicationName: 'shop' };
    await withConnection(options, roundTrip);
  });

  it.each<[string, (server: RedisServer) => string]>([
    ['redis://', (server) => `redis://:p%40ss@127.0.0.1:${server.port}/2`],
    [
      'host:port,password=…',
      (server) => `127.0.0.1:${server.port},password=p@ss,ssl=False,abortConnect=False`,
    ],
  ])('stores them in the Redis of a connectionString: %s', async (_, connectionString) => {
    const server = await start({ password: 'p@ss' });
    // The secrets of resolved options are not enumerable, so a copy would lack them.
    const { host, port, accessKey, databaseId } = resolveOptions({
      connectionString: connectionString(server),
    });
    await withConnection({ host, port, accessKey, databaseId }, roundTrip);
  });

  it('stores them in a cluster', async () => {
    const cluster = await RedisCluster.startSingle();
    try {
      await withConnection({ cluster: { nodes: cluster.startupNodes } }, roundTrip);
    } finally {
      await cluster.stop();
    }
  });
});

describe('a client that the application hands in', () => {
  it('is used and never closed: Redis', async () => {
    const server = await RedisServer.start();
    const client = server.client({ enableOfflineQueue: false, autoResendUnfulfilledCommands: false });
    await once(client, 'ready');
    await withConnection({ client }, roundTrip);
    expect(client.status).toBe('ready');
    expect(await client.ping()).toBe('PONG');
    await server.stop();
  });

  it('is used and never closed: Cluster', async () => {
    const cluster = await RedisCluster.startSingle();
    const client = cluster.client({
      enableOfflineQueue: false,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
    });
    await once(client, 'ready');
    await withConnection({ client }, roundTrip);
    expect(client.status).toBe('ready');
    expect(await client.set('{a}', '1')).toBe('OK');
    await cluster.stop();
  });

  it('gets no additional listeners', async () => {
    const server = await RedisServer.start();
    const client = server.client({ enableOfflineQueue: false, autoResendUnfulfilledCommands: false });
    await once(client, 'ready');
    const before = client.eventNames().map((name) => [name, client.listenerCount(name)]);
    await withConnection({ client }, roundTrip);
    expect(client.eventNames().map((name) => [name, client.listenerCount(name)])).toEqual(before);
    await server.stop();
  });
});

describe('if Redis is away at the start', () => {
  it('logs that once, logs once when Redis is back, and then stores sessions', async () => {
    const port = await freePort();
    await withConnection({ port }, async ({ store, log }) => {
      const lost = `warning: Redis is not reachable; sessions are not available: connect ECONNREFUSED 127.0.0.1:${port}`;
      expect(log).toEqual([lost]);
      const error = await failureOf(store.load('x'.repeat(22)));
      expect(error.message).toBe(
        `The session store failed to load a session (tried once): connect ECONNREFUSED 127.0.0.1:${port}`,
      );
      const server = await RedisServer.start({ port });
      try {
        await eventually(() => store.load('x'.repeat(22)));
        expect(log).toEqual([lost, 'Redis is reachable; sessions are available.']);
        await server.kill();
        await eventually(() => expect(log).toHaveLength(3));
        await server.restart();
        await eventually(() => store.load('x'.repeat(22)));
        expect(log).toEqual([lost, 'Redis is reachable; sessions are available.', lost, 'Redis is reachable; sessions are available.']); // prettier-ignore
      } finally {
        await server.stop();
      }
    });
  });

  it.each<[string, () => Promise<object>, string | RegExp]>([
    [
      'a host name that does not resolve',
      async () => ({ host: 'no-such-host.invalid' }),
      /getaddrinfo (ENOTFOUND|EAI_AGAIN)/,
    ],
    [
      'a cluster',
      async () => ({ cluster: { nodes: [{ host: '127.0.0.1', port: await freePort() }] } }),
      'no node of the cluster answers',
    ],
    [
      'sentinels',
      async () => ({ sentinel: { name: 'm', sentinels: [{ host: '127.0.0.1', port: await freePort() }] } }),
      'All sentinels are unreachable',
    ],
  ])('logs that once, with the reason: %s', async (_, options, says) => {
    await withConnection(await options(), async ({ store, log }) => {
      for (let attempt = 0; attempt < 3; attempt++) {
        expect((await failureOf(store.load('x'.repeat(22)))).message).toMatch(says);
      }
      expect(log).toEqual([expect.stringMatching(says)]);
    });
  });

  it('waits no longer than connectionTimeoutInMilliseconds', async () => {
    const server = await RedisServer.start();
    server.freeze();
    // The server stays frozen: a start that waited for it would never finish.
    await withConnection({ port: server.port, connectionTimeoutInMilliseconds: 200 }, async ({ log }) => {
      expect(log).toEqual([expect.stringContaining('is not reachable')]);
    });
    await server.stop();
  });

  it('logs a wrong password once, without showing the password', async () => {
    const server = await RedisServer.start({ password: 'right' });
    const options = { port: server.port, accessKey: 'TOP-SECRET', retryTimeoutInMilliseconds: 2000 };
    await withConnection(options, async ({ store, log, client }) => {
      let errors = 0;
      client.on('error', () => errors++);
      await eventually(() => errors >= 3);
      expect(log).toEqual([expect.stringContaining('WRONGPASS')]);
      expect(log.join()).not.toContain('TOP-SECRET');
      expect((await failureOf(store.load('x'.repeat(22)))).message).toContain('(tried once): WRONGPASS');
    });
    await server.stop();
  });
});
