import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisNow } from '../support/redis-now.js';
import { type LuaFixture, newKeys, startLua, token } from './lua-fixture.js';

const RECEIPT = 30_000;
const changes = (lockToken = '', from = '', to = '', release: 1 | '' = '') => [
  60_000,
  lockToken,
  from,
  to,
  RECEIPT,
  release,
  '',
  '',
  '',
  2,
  'a',
  '2',
  'b',
];
const noted = (what: string, absolute: number | '' = '') => {
  const args = changes('', 'hash', 'new');
  [args[7], args[8]] = [absolute, what];
  return args;
};
const refused = (answer: number) => ({ answer, written: false });

describe('save.lua', () => {
  let lua: LuaFixture;
  let keys: ReturnType<typeof newKeys>;
  beforeAll(async () => {
    lua = await startLua();
  });
  afterAll(() => lua.stop());
  beforeEach(async () => {
    keys = newKeys();
    await lua.run('create', [keys.data], ['hash', 60_000, '', '', 0, '', 'a', '1', 'b', '1']);
  });

  const [mine, other] = [token('mine'), token('other')];
  const plain = () => [keys.data];
  const locked = () => [keys.data, keys.lock];
  const releasing = () => [keys.data, keys.lock, keys.receipt];

  const times = () => lua.redis.hmget(keys.data, ':authenticated', ':restarted', ':expires');

  /** What a save returns, and whether it wrote anything. */
  async function attempt(from: string[], args: (string | number)[]) {
    await lua.redis.pexpire(keys.data, 30_000);
    const before = JSON.stringify(await lua.redis.hgetall(keys.data));
    const answer = await lua.run('save', from, args);
    const same = JSON.stringify(await lua.redis.hgetall(keys.data)) === before;
    const slid = (await lua.redis.pttl(keys.data)) > 30_000;
    return { answer, written: !same || slid || (await lua.redis.exists(keys.receipt)) === 1 };
  }

  it('returns 1 after it set and removed attributes', async () => {
    expect(await lua.run('save', plain(), changes())).toBe(1);
    expect(await lua.redis.hgetall(keys.data)).toMatchObject({ a: '2' });
    expect(await lua.redis.hexists(keys.data, 'b')).toBe(0);
  });

  it('returns 0 if the session is gone, and creates none', async () => {
    await lua.redis.del(keys.data);
    expect(await lua.run('save', plain(), changes())).toBe(0);
    expect(await lua.redis.exists(keys.data)).toBe(0);
  });

  it('returns -1 if the secret to replace does not match, and writes nothing', async () => {
    expect(await attempt(plain(), changes('', 'old', 'new'))).toEqual(refused(-1));
  });

  it('replaces the secret along with the attributes', async () => {
    expect(await lua.run('save', plain(), changes('', 'hash', 'new'))).toBe(1);
    expect(await lua.redis.hgetall(keys.data)).toMatchObject({ ':secret': 'new', a: '2' });
  });

  it('returns -1 if the secret does not match, without a new one, too', async () => {
    expect(await attempt(plain(), changes('', 'old'))).toEqual(refused(-1));
    expect(await lua.run('save', plain(), changes('', 'hash'))).toBe(1);
  });

  it('returns 1 if its new secret is stored already, and overwrites nothing newer', async () => {
    await lua.run('save', plain(), changes('', 'hash', 'new'));
    await lua.redis.hset(keys.data, 'a', '3');
    expect(await attempt(plain(), changes('', 'hash', 'new'))).toEqual({ answer: 1, written: false });
  });

  it('returns 0 if the absolute timeout has ended the session, and writes nothing', async () => {
    await lua.redis.hset(keys.data, ':created', Date.now() - 100_000);
    const args = changes();
    args[7] = 50_000;
    expect(await attempt(plain(), args)).toEqual(refused(0));
  });

  describe('with an authentication', () => {
    const EARLIER = 1_600_000_000_000;

    it('notes the time of Redis when a user is bound, and leaves the timeouts', async () => {
      const before = await redisNow(lua.redis);
      await lua.redis.hset(keys.data, ':expires', before + 40_000);
      expect(await lua.run('save', plain(), noted('bound', 900_000))).toBe(1);
      const [authenticated, ...others] = await times();
      expect(Number(authenticated)).toBeGreaterThanOrEqual(before);
      expect(Number(authenticated)).toBeLessThanOrEqual(await redisNow(lua.redis));
      expect(others).toEqual([null, String(before + 40_000)]);
      await lua.expectExpiry(keys.data, 40_000);
    });

    it('starts both timeouts again when the user has authenticated again', async () => {
      const now = await redisNow(lua.redis);
      await lua.redis.hset(keys.data, ':created', now - 50_000, ':expires', now + 10_000);
      expect(await lua.run('save', plain(), noted('renewed', 55_000))).toBe(1);
      const [authenticated, restarted, expires] = await times();
      expect(Number(authenticated)).toBeGreaterThanOrEqual(now);
      expect([restarted, expires]).toEqual([authenticated, String(Number(authenticated) + 55_000)]);
      await lua.expectExpiry(keys.data, 55_000);
      await lua.redis.pexpire(keys.data, 1000);
      expect(await lua.run('touch', [keys.data], [60_000, 55_000, ''])).toBe(1);
      await lua.expectExpiry(keys.data, 55_000);
    });

    it('forgets an absolute end that today’s options no longer have', async () => {
      await lua.redis.hset(keys.data, ':expires', (await redisNow(lua.redis)) + 10_000);
      expect(await lua.run('save', plain(), noted('renewed'))).toBe(1);
      expect((await times())[2]).toBeNull();
      await lua.expectExpiry(keys.data, 60_000);
    });

    it('forgets the time when the session has no user any more', async () => {
      await lua.redis.hset(keys.data, ':authenticated', EARLIER, ':restarted', EARLIER);
      expect(await lua.run('save', plain(), noted('ended'))).toBe(1);
      expect(await times()).toEqual([null, String(EARLIER), null]);
    });

    it.each(['bound', 'renewed', 'ended'])(
      'writes nothing of it if it is refused or is a copy: %s',
      async (what) => {
        await lua.redis.hset(keys.data, ':authenticated', EARLIER);
        const late = noted(what, 55_000);
        late[2] = 'old';
        expect(await attempt(plain(), late)).toEqual(refused(-1));
        await lua.redis.hset(keys.data, ':secret', 'new');
        expect(await attempt(plain(), noted(what, 900_000))).toEqual({ answer: 1, written: false });
        await lua.redis.hset(keys.data, ':secret', 'hash', ':created', EARLIER);
        expect(await attempt(plain(), noted(what, 55_000))).toEqual(refused(0));
      },
    );
  });

  describe('with a receipt, and without a lock', () => {
    it('leaves a receipt that expires', async () => {
      expect(await lua.run('save', releasing(), changes())).toBe(1);
      await lua.expectExpiry(keys.receipt, RECEIPT);
    });

    it('returns 1 because of its receipt if it is sent again, and overwrites nothing newer', async () => {
      await lua.run('save', releasing(), changes());
      await lua.redis.hset(keys.data, 'a', '3');
      expect(await lua.run('save', releasing(), changes())).toBe(1);
      expect(await lua.redis.hget(keys.data, 'a')).toBe('3');
    });

    it('returns 1 because of its receipt, although the secret has been replaced', async () => {
      await lua.run('save', releasing(), changes('', 'hash'));
      await lua.redis.hset(keys.data, ':secret', 'new');
      expect(await lua.run('save', releasing(), changes('', 'hash'))).toBe(1);
    });

    it('leaves no receipt if it is refused', async () => {
      expect(await attempt(releasing(), changes('', 'old'))).toEqual(refused(-1));
      await lua.redis.del(keys.data);
      expect(await lua.run('save', releasing(), changes())).toBe(0);
      expect(await lua.redis.exists(keys.receipt)).toBe(0);
    });
  });

  describe('under a lock', () => {
    it('returns -2 if nobody holds the lock, and writes nothing', async () => {
      expect(await attempt(locked(), changes(mine))).toEqual(refused(-2));
      expect(await attempt(releasing(), changes(mine, '', '', 1))).toEqual(refused(-2));
    });

    it('returns -2 if another token holds the lock, which keeps it', async () => {
      await lua.redis.set(keys.lock, `${other} ${mine}@channel`, 'PX', 30_000);
      expect(await attempt(releasing(), changes(mine, '', '', 1))).toEqual(refused(-2));
      expect(await lua.redis.get(keys.lock)).toBe(`${other} ${mine}@channel`);
    });

    it('returns 0, not -2, if the session is gone', async () => {
      await lua.redis.del(keys.data);
      expect(await lua.run('save', releasing(), changes(mine, '', '', 1))).toBe(0);
    });

    it('keeps the lock if it is not told to release it', async () => {
      await lua.redis.set(keys.lock, mine, 'PX', 30_000);
      expect(await lua.run('save', locked(), changes(mine))).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(mine);
      expect(await lua.redis.exists(keys.receipt)).toBe(0);
    });

    it('frees the lock and leaves a receipt that expires', async () => {
      await lua.redis.set(keys.lock, mine, 'PX', 30_000);
      expect(await lua.run('save', releasing(), changes(mine, '', '', 1))).toBe(1);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
      await lua.expectExpiry(keys.receipt, RECEIPT);
    });

    it('frees the lock without a receipt if none is requested', async () => {
      await lua.redis.set(keys.lock, mine, 'PX', 30_000);
      expect(await lua.run('save', locked(), changes(mine, '', '', 1))).toBe(1);
      expect(await lua.redis.keys(`${keys.data.slice(0, keys.data.indexOf('}'))}*`)).toEqual([keys.data]);
    });

    it('returns 1 because of its receipt if it is sent again, and overwrites nothing newer', async () => {
      await lua.redis.set(keys.lock, mine, 'PX', 30_000);
      await lua.run('save', releasing(), changes(mine, '', '', 1));
      const theirs = newKeys().receipt;
      await lua.redis.set(keys.lock, other, 'PX', 30_000);
      await lua.run(
        'save',
        [keys.data, keys.lock, theirs],
        [60_000, other, '', '', RECEIPT, 1, '', '', '', 2, 'a', '3'],
      );
      expect(await lua.run('save', releasing(), changes(mine, '', '', 1))).toBe(1);
      expect(await lua.redis.hget(keys.data, 'a')).toBe('3');
    });

    it('hands the lock to the first waiter and notifies it', async () => {
      const messages: string[][] = [];
      const listener = lua.redis.duplicate();
      await listener.subscribe('first', 'second');
      const heard = new Promise<void>((resolve) => {
        listener.on('message', (...message: string[]) => {
          messages.push(message);
          resolve();
        });
      });
      const [first, second] = [token('first'), token('second')];
      await lua.redis.set(keys.lock, `${mine}\n${first}@first\n${second}@second`, 'PX', 30_000);
      // Sent together, because the first waiter has only two seconds to take its lock.
      const [saved, lock, left] = await Promise.all([
        lua.run('save', releasing(), changes(mine, '', '', 1)),
        lua.redis.get(keys.lock),
        lua.redis.pttl(keys.lock),
      ]);
      expect([saved, lock]).toEqual([1, `${first}\n${second}@second`]);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(2000);
      await heard;
      expect(messages).toEqual([['first', first]]);
      listener.disconnect();
    });
  });
});
