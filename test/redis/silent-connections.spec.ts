import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createdIn, failureOf, withConnection, type Connected } from './redis-fixture.js';

// The client by itself would not notice for a minute.
const options = { connectionTimeoutInMilliseconds: 60_000, operationTimeoutInMilliseconds: 200 };

describe('a connection that was silently dropped', () => {
  let proxy: TcpProxy;
  let stop: () => Promise<void>;
  afterEach(async () => {
    await proxy.stop();
    await stop();
  });

  async function isReplaced({ store, log }: Connected): Promise<void> {
    const { id } = await createdIn(store);
    const { accepted } = proxy;
    proxy.swallow();
    expect((await failureOf(store.load(id))).message).toContain('no answer within 200 ms');
    await eventually(async () => expect(await store.load(id)).toMatchObject({ id }));
    expect(proxy.accepted).toBeGreaterThan(accepted);
    expect(log.join('\n')).not.toContain('Socket timeout');
  }

  it('is replaced', async () => {
    const server = await RedisServer.start();
    stop = () => server.stop();
    proxy = await TcpProxy.start(server.port);
    await withConnection({ ...options, port: proxy.port }, isReplaced);
  });

  it('is replaced in a cluster', async () => {
    const cluster = await RedisCluster.startSingle();
    stop = () => cluster.stop();
    const [node] = cluster.startupNodes;
    proxy = await TcpProxy.start(node!.port);
    const natMap = { [`${node!.host}:${node!.port}`]: { host: proxy.host, port: proxy.port } };
    const nodes = [{ host: proxy.host, port: proxy.port }];
    await withConnection({ ...options, cluster: { nodes, options: { natMap } } }, isReplaced);
  });
});

describe('a connection on which a reply came too late', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(() => server.stop());

  it('is kept if it replies', async () => {
    await withConnection({ ...options, port: server.port }, async ({ store, client, log }) => {
      const { id } = await createdIn(store);
      const before = await (client as Redis).client('ID');
      server.freeze();
      await failureOf(store.load(id));
      server.thaw();
      await eventually(() => store.load(id));
      expect(await (client as Redis).client('ID')).toBe(before);
      expect(log).toEqual([]);
    });
  });

  it('is kept, without a PING, if it is the application’s own client', async () => {
    const client = server.client();
    await withConnection({ ...options, client }, async ({ store }) => {
      const { id } = await createdIn(store);
      await server.resetStats();
      server.freeze();
      await failureOf(store.load(id));
      server.thaw();
      await eventually(() => store.load(id));
      expect(await server.commandStats()).not.toHaveProperty('ping');
    });
  });
});
