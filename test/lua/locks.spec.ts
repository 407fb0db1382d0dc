import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exhaustMemory, type Undo } from '../support/faults.js';
import { type LuaFixture, newKeys, startLua, token } from './lua-fixture.js';

describe('the scripts of the session lock', () => {
  let lua: LuaFixture;
  let keys: ReturnType<typeof newKeys>;
  beforeAll(async () => {
    lua = await startLua();
  });
  afterAll(() => lua.stop());
  beforeEach(async () => {
    keys = newKeys();
    await lua.run('create', [keys.data], ['hash', 60_000, '', '', 0, '']);
  });

  const [a, b, c] = [token('a'), token('b'), token('c')];
  const hold = (value: string) => lua.redis.set(keys.lock, value, 'PX', 30_000);
  const wait = (who: string) => lua.run('wait', [keys.data, keys.lock], [who, 60_000, `at-${who}`]);
  const renew = (who: string, secret = '') => lua.run('renew', [keys.lock, keys.data], [who, 60_000, secret]);
  const release = (who: string) => lua.run('release', [keys.lock], [who]);

  const drop = () => lua.run('drop', [keys.lock], []);

  describe('wait.lua', () => {
    it('returns 2 if it took a free lock', async () => {
      expect(await wait(a)).toBe(2);
      expect(await lua.redis.get(keys.lock)).toBe(a);
      await lua.expectExpiry(keys.lock, 60_000);
    });

    it('returns 1 if the caller already holds the lock, and renews its lease', async () => {
      await hold(`${a}\n${b}@at-b`);
      expect(await wait(a)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(`${a}\n${b}@at-b`);
      await lua.expectExpiry(keys.lock, 60_000);
    });

    it('returns 0 if the session is gone, and takes no lock', async () => {
      await lua.redis.del(keys.data);
      expect(await wait(a)).toBe(0);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
    });

    it('returns the rest of the holder’s lease, and adds each waiter to the queue once', async () => {
      await hold(a);
      const left = Number(await wait(b));
      expect(left).toBeLessThan(-20_000);
      expect(left).toBeGreaterThanOrEqual(-30_000);
      await wait(c);
      await wait(b);
      expect(await lua.redis.get(keys.lock)).toBe(`${a}\n${b}@at-${b}\n${c}@at-${c}`);
      await lua.expectExpiry(keys.lock, 30_000);
    });
  });

  describe('renew.lua', () => {
    it('returns 1 to the holder and renews its lease', async () => {
      await hold(`${a}\n${b}@at-b`);
      expect(await renew(a)).toBe(1);
      await lua.expectExpiry(keys.lock, 60_000);
    });

    it('returns 0 to everybody else', async () => {
      expect(await renew(a)).toBe(0);
      await hold(`${a}\n${b}@at-b`);
      expect(await renew(b)).toBe(0);
      await lua.expectExpiry(keys.lock, 30_000);
    });

    it('returns 0 to a holder whose secret was replaced, and does not renew its lease', async () => {
      await hold(a);
      expect(await renew(a, 'other')).toBe(0);
      await lua.expectExpiry(keys.lock, 30_000);
      expect(await renew(a, 'hash')).toBe(1);
    });
  });

  describe('release.lua', () => {
    it('returns 1 to the holder and frees the lock', async () => {
      await hold(a);
      expect(await release(a)).toBe(1);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
    });

    it('hands the lock to the first waiter', async () => {
      await hold(`${a}\n${b}@at-b\n${c}@at-c`);
      expect(await release(a)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(`${b}\n${c}@at-c`);
      expect(await release(b)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(c);
    });

    it.each([
      ['first', b, `${a}\n${c}@at-c`],
      ['last', c, `${a}\n${b}@at-b`],
    ])('returns 1 to the %s waiter and removes it from the queue', async (_place, who, rest) => {
      await hold(`${a}\n${b}@at-b\n${c}@at-c`);
      expect(await release(who)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(rest);
      await lua.expectExpiry(keys.lock, 30_000);
    });

    it('returns 0 to everybody else and changes nothing', async () => {
      expect(await release(a)).toBe(0);
      await hold(a);
      expect(await release(b)).toBe(0);
      expect(await lua.redis.get(keys.lock)).toBe(a);
    });
  });

  describe('if the server is out of memory', () => {
    let undo: Undo;
    beforeEach(async () => {
      await hold(`${a}\n${b}@at-b\n${c}@at-c`);
      undo = await exhaustMemory(lua.server);
    });
    afterEach(() => undo());

    it('release.lua frees the lock if it cannot hand it over', async () => {
      expect(await release(a)).toBe(1);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
    });

    it('release.lua returns 1 to a waiter that it cannot remove, and changes nothing', async () => {
      expect(await release(b)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(`${a}\n${b}@at-b\n${c}@at-c`);
    });

    it('save.lua hands the lock over if it only removes attributes', async () => {
      const changes = [60_000, a, '', '', 0, 1, '', '', '', 0, 'gone'];
      expect(await lua.run('save', [keys.data, keys.lock], changes)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(`${b}\n${c}@at-c`);
    });
  });

  describe('drop.lua', () => {
    it('returns 1 if it removed a lock, whoever held it', async () => {
      await hold(`${a}\n${b}@at-b`);
      expect(await drop()).toBe(1);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
    });

    it('returns 0 if there was no lock', async () => {
      expect(await drop()).toBe(0);
    });

    it('notifies every waiter', async () => {
      const listener = lua.redis.duplicate();
      await listener.subscribe('at-b', 'at-c');
      const heard = new Promise<string[]>((resolve) => {
        const messages: string[] = [];
        listener.on('message', (_channel, message) => {
          if (messages.push(message) === 2) resolve(messages);
        });
      });
      await hold(`${a}\n${b}@at-b\n${c}@at-c`);
      await drop();
      expect(await heard).toEqual([b, c]);
      listener.disconnect();
    });
  });

  it('hand the lock over if the account must not publish', async () => {
    await lua.redis.acl('SETUSER', 'quiet', 'on', '>quiet', '~*', '+@all', 'resetchannels');
    const quiet = lua.redis.duplicate({ username: 'quiet', password: 'quiet' });
    const { sessionScripts } = await import('../../lib/redis/session-scripts.js');
    await hold(`${a}\n${b}@at-b`);
    expect(await quiet.eval(sessionScripts.release.lua, 1, keys.lock, a)).toBe(1);
    expect(await quiet.get(keys.lock)).toBe(b);
    quiet.disconnect();
  });
});
