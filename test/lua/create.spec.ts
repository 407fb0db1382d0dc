import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { redisNow } from '../support/redis-now.js';
import { type LuaFixture, newKeys, startLua } from './lua-fixture.js';

const RECEIPT = 30_000;

let lua: LuaFixture;
beforeAll(async () => {
  lua = await startLua();
});
afterAll(() => lua.stop());

const scripts = {
  'create.lua': (data: string, secret: string, idle: number, ...attributes: string[]) =>
    lua.run('create', [data], [secret, idle, '', '', 0, '', ...attributes]),
  'create-plain.lua': (data: string, secret: string, idle: number, ...attributes: string[]) =>
    lua.run('createPlain', [data], [secret, idle, ...attributes]),
};

describe.each(Object.entries(scripts))('%s', (_, create) => {
  it('returns the creation time by the clock of Redis', async () => {
    const { data } = newKeys();
    const before = await redisNow(lua.redis);
    const created = Number(await create(data, 'hash', 60_000, 'a', '1'));
    expect(created).toBeGreaterThanOrEqual(before);
    expect(created).toBeLessThanOrEqual(await redisNow(lua.redis));
    expect(await lua.redis.hgetall(data)).toEqual({ ':secret': 'hash', ':created': String(created), a: '1' });
    await lua.expectExpiry(data, 60_000);
  });

  it('stores a session without attributes', async () => {
    const { data } = newKeys();
    await create(data, 'hash', 60_000);
    expect(Object.keys(await lua.redis.hgetall(data))).toEqual([':secret', ':created']);
  });

  it('returns the same time if it is sent again, and writes nothing', async () => {
    const { data } = newKeys();
    const created = await create(data, 'hash', 60_000, 'a', '1');
    await lua.redis.hset(data, 'a', '2');
    await lua.redis.pexpire(data, 30_000);
    expect(await create(data, 'hash', 60_000, 'a', '1')).toBe(created);
    expect(await lua.redis.hget(data, 'a')).toBe('2');
    await lua.expectExpiry(data, 30_000);
  });

  it('returns 0 if another session has this id, and writes nothing', async () => {
    const { data } = newKeys();
    await create(data, 'hash', 60_000, 'a', '1');
    const before = await lua.redis.hgetall(data);
    expect(await create(data, 'other', 10, 'a', '2')).toBe(0);
    expect(await lua.redis.hgetall(data)).toEqual(before);
    await lua.expectExpiry(data, 60_000);
  });
});

describe('create.lua, with what create-plain.lua does not take', () => {
  it('notes that the user authenticated when the session was created', async () => {
    const { data } = newKeys();
    const created = await lua.run('create', [data], ['hash', 60_000, '', '', 0, 1, 'a', '1']);
    expect(await lua.redis.hgetall(data)).toEqual({
      ':secret': 'hash',
      ':created': String(created),
      ':authenticated': String(created),
      a: '1',
    });
  });

  it('does not restore a destroyed session if it is sent again', async () => {
    const { data, receipt } = newKeys();
    const args = ['hash', 60_000, '', '', RECEIPT, '', 'a', '1'];
    const created = await lua.run('create', [data, receipt], args);
    await lua.expectExpiry(receipt, RECEIPT);
    await lua.redis.del(data);
    expect(await lua.run('create', [data, receipt], args)).toBe(created);
    expect(await lua.redis.exists(data)).toBe(0);
  });

  it('stores the idle timeout of the session, and caps its expiry at the absolute timeout', async () => {
    const { data } = newKeys();
    const created = Number(await lua.run('create', [data], ['hash', 60_000, 70_000, 30_000, 0, '']));
    expect(await lua.redis.hgetall(data)).toMatchObject({
      ':idle': '70000',
      ':expires': String(created + 30_000),
    });
    await lua.expectExpiry(data, 30_000);
  });

  it('stores any number of attributes', async () => {
    const { data } = newKeys();
    const attributes = Array.from({ length: 4003 }, (_, n) => [`a${n}`, String(n)]).flat();
    await lua.run('create', [data], ['hash', 60_000, '', '', 0, '', ...attributes]);
    const stored = await lua.redis.hgetall(data);
    expect(Object.keys(stored)).toHaveLength(4005);
    expect([stored.a1999, stored.a2000, stored.a4002]).toEqual(['1999', '2000', '4002']);
  });
});
