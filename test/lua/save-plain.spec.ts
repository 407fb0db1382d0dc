import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisNow } from '../support/redis-now.js';
import { type LuaFixture, newKeys, startLua } from './lua-fixture.js';

const IDLE = 60_000;
const UNTOUCHED = 30_000;

describe('save-plain.lua', () => {
  let lua: LuaFixture;
  let data: string;
  beforeAll(async () => {
    lua = await startLua();
  });
  afterAll(() => lua.stop());
  beforeEach(async () => {
    ({ data } = newKeys());
    await lua.run('createPlain', [data], ['hash', IDLE, 'a', '1', 'b', '1']);
    await lua.redis.pexpire(data, UNTOUCHED);
  });
  const save = (secret: string, idle: number | '') =>
    lua.run('savePlain', [data], [secret, idle, 'a', '2', 'c', '3']);

  describe.each([
    ['with a touch', IDLE],
    ['without a touch', ''],
  ] as const)('%s', (_, idle) => {
    it('returns 1 after it set the attributes, and only those', async () => {
      expect(await save('hash', idle)).toBe(1);
      expect(await lua.redis.hgetall(data)).toMatchObject({ ':secret': 'hash', a: '2', b: '1', c: '3' });
      await lua.expectExpiry(data, idle === '' ? UNTOUCHED : IDLE);
    });

    it('accepts any secret if none is expected', async () => {
      expect(await save('', idle)).toBe(1);
      expect(await lua.redis.hget(data, 'a')).toBe('2');
    });

    it.each(['old', 'hash '])(
      'returns -1 if the secret does not match, and writes nothing: %p',
      async (secret) => {
        const before = await lua.redis.hgetall(data);
        expect(await save(secret, idle)).toBe(-1);
        expect(await lua.redis.hgetall(data)).toEqual(before);
        await lua.expectExpiry(data, UNTOUCHED);
      },
    );

    it.each(['hash', ''])(
      'returns 0 if the session is gone, and creates none: expecting %p',
      async (secret) => {
        await lua.redis.del(data);
        expect(await save(secret, idle)).toBe(0);
        expect(await lua.redis.exists(data)).toBe(0);
      },
    );

    it('never extends a session past its own idle timeout or its absolute end', async () => {
      await lua.redis.hset(data, ':idle', 20_000);
      await lua.redis.pexpire(data, 20_000);
      expect(await save('hash', idle)).toBe(1);
      await lua.expectExpiry(data, 20_000);
      await lua.redis.hset(data, ':expires', (await redisNow(lua.redis)) + 10_000);
      await lua.redis.pexpire(data, 10_000);
      expect(await save('hash', idle)).toBe(1);
      await lua.expectExpiry(data, 10_000);
    });
  });

  it('touches a session by its own idle timeout, which can be the longer one', async () => {
    await lua.redis.hset(data, ':idle', 2 * IDLE);
    expect(await save('hash', IDLE)).toBe(1);
    await lua.expectExpiry(data, 2 * IDLE);
  });

  it('returns 0 if the absolute end of the session has passed, and writes nothing', async () => {
    await lua.redis.hset(data, ':expires', (await redisNow(lua.redis)) - 1);
    expect(await save('hash', IDLE)).toBe(0);
    expect(await lua.redis.hget(data, 'a')).toBe('1');
    await lua.expectExpiry(data, UNTOUCHED);
  });
});
