import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { eventually } from '../support/eventually.js';
import * as faults from '../support/faults.js';
import { RedisServer } from '../support/redis-server.js';

let server: RedisServer;
let redis: Redis;

beforeEach(async () => {
  server = await RedisServer.start();
  redis = server.client({ enableReadyCheck: false, retryStrategy: () => 20 });
  await redis.set('key', 'value');
});
afterEach(() => server.stop());

describe('a server with a fault', () => {
  it('delays commands while its clients are paused', async () => {
    const reader = server.client();
    await reader.ping();
    await faults.pauseClients(server, 60_000, 'WRITE');
    const order: string[] = [];
    const writing = redis.set('key', 'later').then(() => order.push('written'));
    await reader.get('key').then(() => order.push('read'));
    await server.admin.client('UNPAUSE');
    await writing;
    expect(order).toEqual(['read', 'written']);
  });

  it('has an empty script cache', async () => {
    const sha = String(await redis.script('LOAD', 'return 1'));
    expect(await redis.evalsha(sha, 0)).toBe(1);
    await faults.flushScripts(server);
    await expect(redis.evalsha(sha, 0)).rejects.toThrow('NOSCRIPT');
  });

  it('closes connections', async () => {
    const closed = new Promise((resolve) => redis.once('close', resolve));
    await faults.killConnections(server);
    await closed;
    await eventually(async () => expect(await redis.ping()).toBe('PONG'));
  });

  it('has no memory left', async () => {
    const undo = await faults.exhaustMemory(server);
    await expect(redis.set('key', 'new')).rejects.toThrow('OOM');
    expect(await redis.get('key')).toBe('value');
    await undo();
    expect(await redis.set('key', 'new')).toBe('OK');
  });

  it('only serves reads', async () => {
    const undo = await faults.makeReadOnly(server);
    await expect(redis.set('key', 'new')).rejects.toThrow('READONLY');
    expect(await redis.get('key')).toBe('value');
    await undo();
    expect(await redis.set('key', 'new')).toBe('OK');
  });

  it('rejects the old password', async () => {
    await faults.changePassword(server, 'default', 'another');
    await expect(server.client({ enableReadyCheck: false }).get('key')).rejects.toThrow('NOAUTH');
    expect(await server.client({ password: 'another' }).get('key')).toBe('value');
  });

  it('loads its data', async () => {
    await faults.restartLoading(server, 600);
    await expect(server.client({ enableReadyCheck: false }).get('key')).rejects.toThrow('LOADING');
    await eventually(async () => expect(await redis.get('key')).toBe('value'));
  });
});
