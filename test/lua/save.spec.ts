import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type LuaFixture, newKeys, startLua, token } from './lua-fixture.js';

const RECEIPT = 5000;
const changes = (lockToken = '', from = '', to = '', release: 1 | '' = '') => [
  60_000,
  lockToken,
  from,
  to,
  RECEIPT,
  release,
  '',
  '',
  2,
  'a',
  '2',
  'b',
];
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
    await lua.run('create', [keys.data], ['hash', 60_000, '', '', 0, 'a', '1', 'b', '1']);
  });

  const [mine, other] = [token('mine'), token('other')];
  const plain = () => [keys.data];
  const locked = () => [keys.data, keys.lock];
  const releasing = () => [keys.data, keys.lock, keys.receipt];

  /** What a save answers, and whether it left anything behind. */
  async function attempt(from: string[], args: (string | number)[]) {
    await lua.redis.pexpire(keys.data, 30_000);
    const before = JSON.stringify(await lua.redis.hgetall(keys.data));
    const answer = await lua.run('save', from, args);
    const same = JSON.stringify(await lua.redis.hgetall(keys.data)) === before;
    const slid = (await lua.redis.pttl(keys.data)) > 30_000;
    return { answer, written: !same || slid || (await lua.redis.exists(keys.receipt)) === 1 };
  }

  it('answers 1 when it has set and removed attributes', async () => {
    expect(await lua.run('save', plain(), changes())).toBe(1);
    expect(await lua.redis.hgetall(keys.data)).toMatchObject({ a: '2' });
    expect(await lua.redis.hexists(keys.data, 'b')).toBe(0);
  });

  it('answers 0 where the session is gone, and makes none', async () => {
    await lua.redis.del(keys.data);
    expect(await lua.run('save', plain(), changes())).toBe(0);
    expect(await lua.redis.exists(keys.data)).toBe(0);
  });

  it('answers -1 where the secret was replaced by another, and writes nothing', async () => {
    expect(await attempt(plain(), changes('', 'old', 'new'))).toEqual(refused(-1));
  });

  it('replaces the secret with the attributes', async () => {
    expect(await lua.run('save', plain(), changes('', 'hash', 'new'))).toBe(1);
    expect(await lua.redis.hgetall(keys.data)).toMatchObject({ ':secret': 'new', a: '2' });
  });

  it('answers -1 where the secret is not the expected one, also without a new one', async () => {
    expect(await attempt(plain(), changes('', 'old'))).toEqual(refused(-1));
    expect(await lua.run('save', plain(), changes('', 'hash'))).toBe(1);
  });

  it('answers 1 where its new secret is there already, and writes nothing over what came after', async () => {
    await lua.run('save', plain(), changes('', 'hash', 'new'));
    await lua.redis.hset(keys.data, 'a', '3');
    expect(await attempt(plain(), changes('', 'hash', 'new'))).toEqual({ answer: 1, written: false });
  });

  it('answers 0 where an absolute timeout has ended the session, and writes nothing', async () => {
    await lua.redis.hset(keys.data, ':created', Date.now() - 100_000);
    const args = changes();
    args[7] = 50_000;
    expect(await attempt(plain(), args)).toEqual(refused(0));
  });

  describe('with a receipt, and without a lock', () => {
    it('leaves a receipt that ends', async () => {
      expect(await lua.run('save', releasing(), changes())).toBe(1);
      expect(await lua.redis.pttl(keys.receipt)).toBeGreaterThan(0);
      expect(await lua.redis.pttl(keys.receipt)).toBeLessThanOrEqual(RECEIPT);
    });

    it('answers 1 by its receipt when it is sent again, and writes nothing over what came after', async () => {
      await lua.run('save', releasing(), changes());
      await lua.redis.hset(keys.data, 'a', '3');
      expect(await lua.run('save', releasing(), changes())).toBe(1);
      expect(await lua.redis.hget(keys.data, 'a')).toBe('3');
    });

    it('answers 1 by its receipt although the secret was replaced since', async () => {
      await lua.run('save', releasing(), changes('', 'hash'));
      await lua.redis.hset(keys.data, ':secret', 'new');
      expect(await lua.run('save', releasing(), changes('', 'hash'))).toBe(1);
    });

    it('leaves none where it is refused', async () => {
      expect(await attempt(releasing(), changes('', 'old'))).toEqual(refused(-1));
      await lua.redis.del(keys.data);
      expect(await lua.run('save', releasing(), changes())).toBe(0);
      expect(await lua.redis.exists(keys.receipt)).toBe(0);
    });
  });

  describe('under a lock', () => {
    it('answers -2 where nobody holds it, and writes nothing', async () => {
      expect(await attempt(locked(), changes(mine))).toEqual(refused(-2));
      expect(await attempt(releasing(), changes(mine, '', '', 1))).toEqual(refused(-2));
    });

    it('answers -2 where another holds it, and leaves it with that', async () => {
      await lua.redis.set(keys.lock, `${other} ${mine}@channel`, 'PX', 30_000);
      expect(await attempt(releasing(), changes(mine, '', '', 1))).toEqual(refused(-2));
      expect(await lua.redis.get(keys.lock)).toBe(`${other} ${mine}@channel`);
    });

    it('answers 0 rather than -2 where the session is gone', async () => {
      await lua.redis.del(keys.data);
      expect(await lua.run('save', releasing(), changes(mine, '', '', 1))).toBe(0);
    });

    it('keeps the lock where it is not told to release it', async () => {
      await lua.redis.set(keys.lock, mine, 'PX', 30_000);
      expect(await lua.run('save', locked(), changes(mine))).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(mine);
      expect(await lua.redis.exists(keys.receipt)).toBe(0);
    });

    it('frees the lock, and leaves a receipt that ends', async () => {
      await lua.redis.set(keys.lock, mine, 'PX', 30_000);
      expect(await lua.run('save', releasing(), changes(mine, '', '', 1))).toBe(1);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
      expect(await lua.redis.pttl(keys.receipt)).toBeGreaterThan(0);
      expect(await lua.redis.pttl(keys.receipt)).toBeLessThanOrEqual(RECEIPT);
    });

    it('frees the lock without a receipt, where none is asked for', async () => {
      await lua.redis.set(keys.lock, mine, 'PX', 30_000);
      expect(await lua.run('save', locked(), changes(mine, '', '', 1))).toBe(1);
      expect(await lua.redis.keys(`${keys.data.slice(0, keys.data.indexOf('}'))}*`)).toEqual([keys.data]);
    });

    it('answers 1 by its receipt when it is sent again, and writes nothing over what came after', async () => {
      await lua.redis.set(keys.lock, mine, 'PX', 30_000);
      await lua.run('save', releasing(), changes(mine, '', '', 1));
      const theirs = newKeys().receipt;
      await lua.redis.set(keys.lock, other, 'PX', 30_000);
      await lua.run(
        'save',
        [keys.data, keys.lock, theirs],
        [60_000, other, '', '', RECEIPT, 1, '', '', 2, 'a', '3'],
      );
      expect(await lua.run('save', releasing(), changes(mine, '', '', 1))).toBe(1);
      expect(await lua.redis.hget(keys.data, 'a')).toBe('3');
    });

    it('hands the lock to its first waiter, and calls it', async () => {
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
      expect(await lua.run('save', releasing(), changes(mine, '', '', 1))).toBe(1);
      await heard;
      expect(messages).toEqual([['first', first]]);
      expect(await lua.redis.get(keys.lock)).toBe(`${first}\n${second}@second`);
      expect(await lua.redis.pttl(keys.lock)).toBeLessThanOrEqual(2000);
      listener.disconnect();
    });
  });
});
