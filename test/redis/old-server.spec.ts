import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { pretending } from '../support/pretending-server.js';
import { RedisServer } from '../support/redis-server.js';
import { withConnection } from './redis-fixture.js';

describe('a server of another version', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start({ acl: ['silent on >silent ~* &* +@all -info'] });
  });
  afterAll(() => redis.stop());

  it.each(['6.2.1', '5.0.1'])('is named if it is too old, with what will not work: %s', async (version) => {
    const old = await pretending(redis.port, version);
    await withConnection({ port: (old.address() as AddressInfo).port }, async ({ log }) => {
      expect(log).toEqual([
        expect.stringMatching(
          new RegExp(
            `^warning: Redis ${version}\\d* is too old: .*7\\.0 or later.*do not extend the idle timeout`,
          ),
        ),
      ]);
    });
    old.close();
  });

  it('is named when it comes back, if it was away at start', async () => {
    const old = await pretending(redis.port, '6.2.1');
    const { port } = old.address() as AddressInfo;
    old.close();
    await once(old, 'close');
    await withConnection({ port }, async ({ log }) => {
      expect(log).toEqual([expect.stringContaining('not reachable')]);
      const again = await pretending(redis.port, '6.2.1', port);
      await eventually(() => expect(log).toContainEqual(expect.stringContaining('is too old')));
      again.close();
    });
  });

  it.each(['7.0.0', '8.2.1', '10.0.'])('is fine if it is not older than 7.0: %s', async (version) => {
    const server = await pretending(redis.port, version);
    await withConnection({ port: (server.address() as AddressInfo).port }, async ({ log }) => {
      expect(log).toEqual([]);
    });
    server.close();
  });

  it('is not asked for again if it forbids INFO', async () => {
    const options = { port: redis.port, username: 'silent', accessKey: 'silent' };
    await withConnection(options, async ({ log, client }) => {
      expect(await client.ping()).toBe('PONG');
      expect(log).toEqual([]);
    });
  });
});
