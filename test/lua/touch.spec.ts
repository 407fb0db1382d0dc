import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type LuaFixture, newKeys, startLua } from './lua-fixture.js';

describe('touch.lua and destroy.lua', () => {
  let lua: LuaFixture;
  let data: string;
  beforeAll(async () => {
    lua = await startLua();
  });
  afterAll(() => lua.stop());
  beforeEach(async () => {
    ({ data } = newKeys());
    await lua.run('create', [data], ['hash', 60_000, '', '', 0, 'a', '1']);
  });
  const touch = (idle: number, absolute: number | '' = '', secret = '') =>
    lua.run('touch', [data], [idle, absolute, secret]);

  it('touch answers 1 when it has slid the expiry, by the timeout of the session’s own if it has one', async () => {
    expect(await touch(90_000)).toBe(1);
    expect(await lua.redis.pttl(data)).toBeGreaterThan(60_000);
    await lua.redis.hset(data, ':idle', 30_000);
    expect(await touch(90_000)).toBe(1);
    expect(await lua.redis.pttl(data)).toBeLessThanOrEqual(30_000);
  });

  it('touch answers 0 where the session is gone, and makes none', async () => {
    await lua.redis.del(data);
    expect(await touch(90_000)).toBe(0);
    expect(await lua.redis.exists(data)).toBe(0);
  });

  it('touch answers -1 where the secret is another one, and slides nothing', async () => {
    expect(await touch(90_000, '', 'other')).toBe(-1);
    expect(await lua.redis.pttl(data)).toBeLessThanOrEqual(60_000);
  });

  it('touch never slides past the absolute end, and answers 0 where that has passed', async () => {
    expect(await touch(90_000, 40_000)).toBe(1);
    expect(await lua.redis.pttl(data)).toBeLessThanOrEqual(40_000);
    await lua.redis.hset(data, ':created', Date.now() - 50_000);
    expect(await touch(90_000, 40_000)).toBe(0);
    expect(await lua.redis.exists(data)).toBe(0);
  });

  it('destroy answers -1 where the secret is another one, 1 where it has removed the session, then 0', async () => {
    expect(await lua.run('destroy', [data], ['other'])).toBe(-1);
    expect(await lua.redis.exists(data)).toBe(1);
    expect(await lua.run('destroy', [data], ['hash'])).toBe(1);
    expect(await lua.run('destroy', [data], ['hash'])).toBe(0);
  });
});
