import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createdIn, failureOf, noChanges, withConnection } from './redis-fixture.js';

let server: RedisServer;
let proxy: TcpProxy;
beforeEach(async () => {
  server = await RedisServer.start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  proxy = await TcpProxy.start(server.port);
});
afterEach(async () => {
  await proxy?.stop();
  await server?.stop();
});

describe('an operation in progress while Redis is away', () => {
  it('succeeds at the next attempt after Redis is back', async () => {
    await withConnection({ port: server.port, retryTimeoutInMilliseconds: 5000 }, async ({ store, log }) => {
      const { id } = await createdIn(store);
      await server.kill();
      const saving = store.save(id, { ...noChanges, attributes: new Map([['a', '2']]) });
      await eventually(() => expect(log).toEqual([expect.stringContaining('is not reachable')]));
      await server.restart();
      expect(await saving).toBe('saved');
      expect((await store.load(id))?.attributes).toEqual(new Map([['a', '2']]));
      expect(log).toEqual([
        expect.stringContaining('is not reachable'),
        expect.stringContaining('is reachable'),
      ]);
    });
  });

  it('changes nothing more if it had succeeded and its reply was lost', async () => {
    const options = { port: proxy.port, retryTimeoutInMilliseconds: 3000 };
    await withConnection(options, async ({ store }) => {
      const { id } = await createdIn(store);
      const save = {
        ...noChanges,
        attributes: new Map([['a', '2']]),
        secretHash: 'hash',
        newSecretHash: 'new hash',
      };
      await server.resetStats();
      proxy.cutMidReply(1);
      expect(await store.save(id, save)).toBe('saved');
      expect(proxy.cuts).toBe(1);
      expect((await server.commandStats()).evalsha).toBe(2);
      expect(await store.load(id)).toMatchObject({
        secretHash: 'new hash',
        attributes: new Map([['a', '2']]),
      });
    });
  });
});

describe('a connection that silently drops everything', () => {
  // Socket timeouts of ioredis last as long as the connection timeout: only the package itself notices in time.
  const options = { connectionTimeoutInMilliseconds: 60_000, operationTimeoutInMilliseconds: 50 };

  it('is replaced by a new one, and the log says why', async () => {
    await withConnection({ ...options, port: proxy.port }, async ({ store, log }) => {
      proxy.blackhole();
      expect((await failureOf(store.load('x'.repeat(22)))).message).toContain('no answer within 50 ms');
      const { accepted } = proxy;
      await eventually(() => proxy.accepted > accepted);
      expect(log).toEqual([expect.stringContaining('Redis has not answered for 100 ms')]);
      await proxy.reset();
      await eventually(() => store.load('x'.repeat(22)));
    });
  });

  it('does not let commands pile up', async () => {
    await withConnection({ ...options, port: proxy.port }, async ({ store, client }) => {
      const queued = () => (client as unknown as { commandQueue: { length: number } }).commandQueue.length;
      proxy.blackhole();
      const failures = Array.from({ length: 500 }, () => failureOf(store.load('x'.repeat(22))));
      await eventually(() => expect(queued()).toBe(500));
      await Promise.all(failures);
      await eventually(() => queued() < 10);
      // Without a connection, commands are not queued.
      await Promise.all(Array.from({ length: 500 }, () => failureOf(store.load('x'.repeat(22)))));
      expect(queued()).toBeLessThan(10);
    });
  });
});
