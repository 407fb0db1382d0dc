import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BatchingRedis } from '../../lib/redis/batching-redis.js';
import { RedisServer } from '../support/redis-server.js';

describe('the commands of one turn of the event loop', () => {
  let server: RedisServer;
  let client: BatchingRedis;
  beforeAll(async () => {
    server = await RedisServer.start();
    client = new BatchingRedis({ port: server.port });
    await once(client, 'ready');
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  const isHeld = () => client.stream.writableCorked > 0;
  const pings = (count: number) => Promise.all(Array.from({ length: count }, () => client.ping()));

  it('are held until its end, except for the first after a turn with a single one', async () => {
    await pings(1);
    await nextTurn();
    const first = client.ping();
    expect(isHeld()).toBe(false);
    const rest = pings(3);
    expect(isHeld()).toBe(true);
    await nextTurn();
    expect(isHeld()).toBe(false);
    const next = client.ping();
    expect(isHeld()).toBe(true);
    expect(await Promise.all([first, rest, next])).toEqual(['PONG', ['PONG', 'PONG', 'PONG'], 'PONG']);
  });

  it('are all answered, however many they are and wherever they are split', async () => {
    for (const count of [1, 2, 15, 16, 17, 33, 100]) {
      expect(await pings(count)).toEqual(Array.from({ length: count }, () => 'PONG'));
      expect(isHeld()).toBe(false);
    }
  });

  it('are answered after a reconnect, too', async () => {
    const ready = once(client, 'ready');
    // ioredis sends them again on the new connection.
    const sent = pings(2);
    client.stream.destroy();
    await Promise.all([ready, sent]);
    await nextTurn();
    expect(await pings(20)).toHaveLength(20);
    expect(isHeld()).toBe(false);
  });
});
