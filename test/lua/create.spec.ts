import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { redisNow } from '../support/redis-now.js';
import { type LuaFixture, newKeys, startLua } from './lua-fixture.js';

const RECEIPT = 30_000;

describe('create.lua', () => {
  let lua: LuaFixture;
  beforeAll(async () => {
    lua = await startLua();
  });
  afterAll(() => lua.stop());

  it('returns the creation time by the clock of Redis', async () => {
    const { data } = newKeys();
    const before = await redisNow(lua.redis);
    const created = Number(await lua.run('create', [data], ['hash', 60_000, '', '', 0, 'a', '1']));
    expect(created).toBeGreaterThanOrEqual(before);
    expect(created).toBeLessThanOrEqual(await redisNow(lua.redis));
    expect(await lua.redis.hgetall(data)).toEqual({ ':secret': 'hash', ':created': String(created), a: '1' });
    await lua.expectExpiry(data, 60_000);
  });

  it('returns the same time if it is sent again, and writes nothing', async () => {
    const { data } = newKeys();
    const created = await lua.run('create', [data], ['hash', 60_000, '', '', 0, 'a', '1']);
    await lua.redis.hset(data, 'a', '2');
    expect(await lua.run('create', [data], ['hash', 60_000, '', '', 0, 'a', '1'])).toBe(created);
    expect(await lua.redis.hget(data, 'a')).toBe('2');
  });

  it('does not restore a destroyed session if it is sent again', async () => {
    const { data, receipt } = newKeys();
    const args = ['hash', 60_000, '', '', RECEIPT, 'a', '1'];
    const created = await lua.run('create', [data, receipt], args);
    await lua.expectExpiry(receipt, RECEIPT);
    await lua.redis.del(data);
    expect(await lua.run('create', [data, receipt], args)).toBe(created);
    expect(await lua.redis.exists(data)).toBe(0);
  });

  it('returns 0 if another session has this id, and writes nothing', async () => {
    const { data } = newKeys();
    await lua.run('create', [data], ['hash', 60_000, '', '', 0, 'a', '1']);
    const before = await lua.redis.hgetall(data);
    expect(await lua.run('create', [data], ['other', 10, 5, 5, 0, 'a', '2'])).toBe(0);
    expect(await lua.redis.hgetall(data)).toEqual(before);
    await lua.expectExpiry(data, 60_000);
  });

  it('stores the idle timeout of the session, and caps its expiry at the absolute timeout', async () => {
    const { data } = newKeys();
    const created = Number(await lua.run('create', [data], ['hash', 60_000, 70_000, 30_000]));
    expect(await lua.redis.hgetall(data)).toMatchObject({
      ':idle': '70000',
      ':expires': String(created + 30_000),
    });
    await lua.expectExpiry(data, 30_000);
  });
});
