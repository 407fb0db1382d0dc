import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis, RedisOptions } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

let server: RedisServer;
let proxy: TcpProxy;
let redis: Redis;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

beforeEach(async () => {
  proxy = await TcpProxy.start(server.port);
  redis = client({ retryStrategy: () => 20 });
  await redis.set('key', 'value');
});
afterEach(() => {
  redis.disconnect();
  return proxy.stop();
});

function client(options: RedisOptions): Redis {
  return server.client({ port: proxy.port, maxRetriesPerRequest: 0, ...options });
}

/** 'silence' if there was no reply in this time. */
function within(milliseconds: number, answer: Promise<unknown>): Promise<unknown> {
  return Promise.race([answer, sleep(milliseconds, 'silence')]);
}

describe('a proxy without faults', () => {
  it('passes bytes and counts them', async () => {
    const before = { toServer: proxy.bytesToServer, toClient: proxy.bytesToClient };
    expect(await redis.get('key')).toBe('value');
    expect(proxy.bytesToServer - before.toServer).toBe('*2\r\n$3\r\nget\r\n$3\r\nkey\r\n'.length);
    expect(proxy.bytesToClient - before.toClient).toBe('$5\r\nvalue\r\n'.length);
  });

  it('passes a megabyte unharmed', async () => {
    const big = Buffer.alloc(1 << 20, 'abcdefg').toString();
    await redis.set('big', big);
    expect((await redis.get('big')) === big).toBe(true);
  });
});

describe('a proxy that delays', () => {
  it.each(['toServer', 'toClient', 'both'] as const)(
    'delivers later than one without a delay (%s)',
    async (direction) => {
      const direct = server.client();
      await direct.ping();
      proxy.delay(200, direction);
      const order: string[] = [];
      const delayed = redis.ping().then(() => order.push('delayed'));
      await direct.ping().then(() => order.push('direct'));
      await delayed;
      expect(order).toEqual(['direct', 'delayed']);
    },
  );

  it('keeps the order when the delay shrinks', async () => {
    proxy.delay(500);
    const slow = redis.echo('first');
    await eventually(() => proxy.holds('toServer'));
    proxy.delay(0);
    expect(await Promise.all([slow, redis.echo('second')])).toEqual(['first', 'second']);
  });
});

describe('a proxy that holds back what a connection sends', () => {
  it('resets that connection, lets the next one work, and delivers it later', async () => {
    proxy.holdBack();
    await expect(redis.set('key', 'late')).rejects.toThrow(/ECONNRESET|closed|retries/);
    expect(proxy.hasHeldBack).toBe(true);
    await eventually(() => redis.set('key', 'sooner'));
    proxy.deliver();
    await eventually(async () => expect(await redis.get('key')).toBe('late'));
  });
});

describe('a proxy that freezes', () => {
  it('holds bytes and delivers them when it thaws', async () => {
    proxy.freeze();
    const answer = redis.get('key');
    expect(await within(60, answer)).toBe('silence');
    proxy.thaw();
    expect(await answer).toBe('value');
  });
});

describe('a proxy that freezes one direction', () => {
  it('holds that direction and passes the other on', async () => {
    proxy.freeze('toServer');
    const held = redis.get('key');
    await eventually(() => proxy.holds('toServer'));
    expect(proxy.holds('toClient')).toBe(false);
    proxy.thaw();
    expect(await held).toBe('value');
    expect(proxy.holds('toServer')).toBe(false);
  });
});

describe('a proxy that is a black hole', () => {
  it('does not reply on old and new connections, and closes them in the end', async () => {
    proxy.blackhole();
    const newcomer = client({ retryStrategy: () => 20 });
    const answers = [redis.get('key'), newcomer.get('key')].map((answer) =>
      answer.catch((error: Error) => error.message),
    );
    expect(await within(60, Promise.race(answers))).toBe('silence');
    expect(proxy.accepted).toBe(2);
    await proxy.reset();
    expect(await answers[0]).toMatch(/Reached the max retries|Connection is closed/);
    await eventually(async () => expect(await redis.get('key')).toBe('value'));
  });
});

describe('a proxy that drops bytes', () => {
  it('does not reply on open connections, but on new ones', async () => {
    proxy.swallow();
    const answer = redis.get('key').catch((error: Error) => error.message);
    expect(await client({}).get('key')).toBe('value');
    expect(await Promise.race([answer, client({}).ping()])).toBe('PONG');
  });
});

describe('a proxy that cuts', () => {
  it('delivers only a part of the reply', async () => {
    const before = proxy.bytesToClient;
    proxy.cutMidReply(4);
    await expect(redis.get('key')).rejects.toThrow(/max retries/);
    expect(proxy.bytesToClient - before).toBe(4);
    expect(proxy.cuts).toBe(1);
    await eventually(async () => expect(await redis.get('key')).toBe('value'));
  });

  it.each(['end', 'reset'] as const)('closes open connections (%s)', async (how) => {
    proxy.freeze();
    const answer = redis.get('key');
    await eventually(() => proxy.holds('toServer'));
    proxy.cut(how);
    await expect(answer).rejects.toThrow(/max retries/);
    expect(proxy.connections).toBe(0);
  });

  it('refuses new connections until it accepts them again', async () => {
    await proxy.refuse();
    expect(await redis.get('key')).toBe('value');
    const newcomer = client({ retryStrategy: () => null });
    await expect(newcomer.ping()).rejects.toThrow('Connection is closed');
    await proxy.accept();
    expect(await client({}).get('key')).toBe('value');
  });
});

describe('a proxy with low bandwidth', () => {
  it('delivers a reply in small pieces', async () => {
    await redis.set('ten kilobytes', 'x'.repeat(10_000));
    const before = proxy.bytesToClient;
    // It would take 100 seconds.
    proxy.bandwidth(100, 'toClient');
    const answer = redis.get('ten kilobytes');
    await eventually(() => proxy.bytesToClient > before);
    expect(proxy.bytesToClient - before).toBeLessThan(10_000);
    await proxy.reset();
    expect(await answer).toHaveLength(10_000);
  });
});

describe('a server that dies behind a proxy', () => {
  it('has its connections closed, as without a proxy', async () => {
    await server.kill();
    await eventually(() => expect(redis.status).not.toBe('ready'));
    await server.restart();
    await eventually(async () => expect(await redis.ping()).toBe('PONG'));
  });
});
