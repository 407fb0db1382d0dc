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
    await lua.run('create', [data], ['hash', 60_000, '', '', 0, '', 'a', '1']);
  });
  const touch = (idle: number, absolute: number | '' = '', secret = '') =>
    lua.run('touch', [data], [idle, absolute, secret]);

  it('touch returns 1 after it slid the expiry, by the session’s own idle timeout if it has one', async () => {
    expect(await touch(90_000)).toBe(1);
    await lua.expectExpiry(data, 90_000);
    await lua.redis.hset(data, ':idle', 30_000);
    expect(await touch(90_000)).toBe(1);
    await lua.expectExpiry(data, 30_000);
  });

  it('touch returns 0 if the session is gone, and creates none', async () => {
    await lua.redis.del(data);
    expect(await touch(90_000)).toBe(0);
    expect(await lua.redis.exists(data)).toBe(0);
  });

  it('touch returns -1 if the secret does not match, and does not slide the expiry', async () => {
    expect(await touch(90_000, '', 'other')).toBe(-1);
    await lua.expectExpiry(data, 60_000);
  });

  it('touch caps the expiry at the absolute timeout, and returns 0 once that has passed', async () => {
    expect(await touch(90_000, 40_000)).toBe(1);
    await lua.expectExpiry(data, 40_000);
    await lua.redis.hset(data, ':created', Date.now() - 50_000);
    expect(await touch(90_000, 40_000)).toBe(0);
    expect(await lua.redis.exists(data)).toBe(0);
  });

  it('destroy returns -1 if the secret does not match, 1 if it removed the session, 0 if there is none', async () => {
    expect(await lua.run('destroy', [data], [':secret', 'other'])).toBe(-1);
    expect(await lua.redis.exists(data)).toBe(1);
    expect(await lua.run('destroy', [data], [':secret', 'hash'])).toBe(1);
    expect(await lua.run('destroy', [data], [':secret', 'hash'])).toBe(0);
  });
});
