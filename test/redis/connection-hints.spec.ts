import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisServer } from '../support/redis-server.js';
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
});
