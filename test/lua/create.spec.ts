import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LuaFixture, newKeys, startLua } from './lua-fixture.js';

describe('create.lua', () => {
  let lua: LuaFixture;
  beforeAll(async () => {
    lua = await startLua();
  });
  afterAll(() => lua.stop());

  it('answers when the session was created, by the clock of Redis', async () => {
    const { data } = newKeys();
    const [seconds] = await lua.redis.time();
    const created = Number(await lua.run('create', [data], ['hash', 60_000, '', '', 0, 'a', '1']));
    expect(Math.abs(created / 1000 - Number(seconds))).toBeLessThan(5);
    expect(await lua.redis.hgetall(data)).toEqual({ ':secret': 'hash', ':created': String(created), a: '1' });
    expect(await lua.redis.pttl(data)).toBeGreaterThan(50_000);
  });

  it('answers the same again when it is sent again, and writes nothing', async () => {
    const { data } = newKeys();
    const created = await lua.run('create', [data], ['hash', 60_000, '', '', 0, 'a', '1']);
    await lua.redis.hset(data, 'a', '2');
    expect(await lua.run('create', [data], ['hash', 60_000, '', '', 0, 'a', '1'])).toBe(created);
    expect(await lua.redis.hget(data, 'a')).toBe('2');
  });

  it('does not bring back a session that was destroyed, when a late copy of it arrives', async () => {
    const { data, receipt } = newKeys();
    const args = ['hash', 60_000, '', '', 5000, 'a', '1'];
    const created = await lua.run('create', [data, receipt], args);
    expect(await lua.redis.pttl(receipt)).toBeLessThanOrEqual(5000);
    await lua.redis.del(data);
    expect(await lua.run('create', [data, receipt], args)).toBe(created);
    expect(await lua.redis.exists(data)).toBe(0);
  });

  it('answers 0 where another session has this id, and writes nothing', async () => {
    const { data } = newKeys();
    await lua.run('create', [data], ['hash', 60_000, '', '', 0, 'a', '1']);
    const before = await lua.redis.hgetall(data);
    expect(await lua.run('create', [data], ['other', 10, 5, 5, 'a', '2'])).toBe(0);
    expect(await lua.redis.hgetall(data)).toEqual(before);
    expect(await lua.redis.pttl(data)).toBeGreaterThan(50_000);
  });

  it('keeps an idle timeout of its own, cut off by the absolute one', async () => {
    const { data } = newKeys();
    const created = Number(await lua.run('create', [data], ['hash', 60_000, 70_000, 30_000]));
    expect(await lua.redis.hgetall(data)).toMatchObject({
      ':idle': '70000',
      ':expires': String(created + 30_000),
    });
    expect(await lua.redis.pttl(data)).toBeLessThanOrEqual(30_000);
  });
});
