import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { withConnection } from './redis-fixture.js';

describe('a connection that the options cannot open', () => {
  let plain: RedisServer;
  let tls: RedisServer;
  let locked: RedisServer;
  beforeAll(async () => {
    [plain, tls, locked] = await Promise.all([
      RedisServer.start(),
      RedisServer.start({ tls: true }),
      RedisServer.start({ password: 'right' }),
    ]);
  });
  afterAll(() => Promise.all([plain, tls, locked].map((server) => server.stop())));

  it.each<[string, () => object, () => string]>([
    ['a password is missing', () => ({ port: locked.port }), () => 'set accessKey.'],
    [
      'a password is wrong',
      () => ({ port: locked.port, accessKey: 'wrong' }),
      () => 'Check accessKey and username.',
    ],
    [
      'TLS is needed',
      () => ({ port: tls.port }),
      () => `If Redis at 127.0.0.1:${tls.port} (host, port) uses TLS, set ssl to true.`,
    ],
    [
      'TLS is not understood',
      () => ({ port: plain.port, ssl: true }),
      () => `If Redis at 127.0.0.1:${plain.port} (host, port) does not use TLS, set ssl to false.`,
    ],
  ])('says what to change in the log: %s', async (_, options, hint) => {
    await withConnection(options(), async ({ log }) => {
      expect(log[0]).toContain(hint());
    });
  });

  it.each<[string, () => object, () => string]>([
    [
      'a single server',
      () => ({ port: plain.port }),
      () => `If Redis at 127.0.0.1:${plain.port} (host, port) does not use TLS, set ssl to false.`,
    ],
    [
      'a cluster',
      () => ({ cluster: { nodes: [{ host: '127.0.0.1', port: plain.port }] } }),
      () => `If Redis at 127.0.0.1:${plain.port} does not use TLS, set ssl to false.`,
    ],
    [
      'a Sentinel',
      () => ({ sentinel: { name: 'x', sentinels: [{ host: '127.0.0.1', port: plain.port }] } }),
      () => `If Redis at 127.0.0.1:${plain.port} does not use TLS, set ssl to false.`,
    ],
  ])('does not wait for the timeout to say that %s answers without TLS', async (_, options, hint) => {
    // With this timeout the test would time out.
    const patient = { ssl: true, connectionTimeoutInMilliseconds: 60_000, ...options() };
    await withConnection(patient, async ({ log }) => {
      expect(log).toEqual([expect.stringContaining(hint())]);
    });
  });

  it('does not wait for the timeout to say that the server asks for TLS', async () => {
    const patient = { port: tls.port, connectionTimeoutInMilliseconds: 60_000 };
    await withConnection(patient, async ({ log }) => {
      expect(log[0]).toContain('set ssl to true.');
    });
  });

  it('waits for a TLS handshake that takes long', async () => {
    const proxy = await TcpProxy.start(tls.port);
    proxy.freeze('toClient');
    setTimeout(() => proxy.thaw(), 1500);
    const options = {
      port: proxy.port,
      tls: { ca: tls.ca },
      ssl: true,
      connectionTimeoutInMilliseconds: 60_000,
    };
    await withConnection(options, async ({ client, log }) => {
      expect(await client.ping()).toBe('PONG');
      expect(log).toEqual([]);
    });
    await proxy.stop();
  });
});
