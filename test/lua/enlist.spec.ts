import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisNow } from '../support/redis-now.js';
import { uniqueName } from '../support/unique-name.js';
import { type LuaFixture, startLua } from './lua-fixture.js';

describe('enlist.lua', () => {
  let lua: LuaFixture;
  let key: string;
  beforeAll(async () => {
    lua = await startLua();
  });
  afterAll(() => lua.stop());
  beforeEach(() => {
    key = `{${uniqueName('lua')}}_Sessions`;
  });
  const enlist = (id: string, keep: number) => lua.run('enlist', [key], [id, keep]);
  const leftOf = async (id: string) => Number(await lua.redis.zscore(key, id)) - (await redisNow(lua.redis));

  it('adds a session until its time is over, by the clock of Redis', async () => {
    expect(await enlist('a', 60_000)).toBe(1);
    expect(await lua.redis.zrange(key, '0', '-1')).toEqual(['a']);
    expect(Math.abs((await leftOf('a')) - 60_000)).toBeLessThan(20_000);
    await lua.expectExpiry(key, 60_000);
  });

  it('keeps an entry for the longest time that it was given', async () => {
    await enlist('a', 600_000);
    await enlist('a', 60_000);
    expect(await leftOf('a')).toBeGreaterThan(400_000);
    await enlist('a', 900_000);
    expect(await leftOf('a')).toBeGreaterThan(700_000);
  });

  it('keeps the index for as long as its longest entry', async () => {
    await enlist('long', 600_000);
    await enlist('short', 60_000);
    expect(await lua.redis.pttl(key)).toBeGreaterThan(400_000);
    await enlist('longer', 900_000);
    await lua.expectExpiry(key, 900_000);
  });

  it('removes entries whose time is over, at most 100 at once, the oldest first', async () => {
    for (let n = 0; n < 150; n++) await lua.redis.zadd(key, String(n + 1), `old${n}`);
    await enlist('a', 60_000);
    expect(await lua.redis.zcard(key)).toBe(51);
    expect(await lua.redis.zscore(key, 'old99')).toBeNull();
    await enlist('b', 60_000);
    expect(await lua.redis.zrange(key, '0', '-1')).toEqual(['a', 'b']);
  });

  it('gives an entry whose time is over a new time', async () => {
    await lua.redis.zadd(key, '1', 'a');
    await enlist('a', 60_000);
    expect(await leftOf('a')).toBeGreaterThan(40_000);
  });
});
