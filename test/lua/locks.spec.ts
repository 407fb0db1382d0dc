import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exhaustMemory, type Undo } from '../support/faults.js';
import { type LuaFixture, newKeys, startLua, token } from './lua-fixture.js';

describe('the scripts of a lock', () => {
  let lua: LuaFixture;
  let keys: ReturnType<typeof newKeys>;
  beforeAll(async () => {
    lua = await startLua();
  });
  afterAll(() => lua.stop());
  beforeEach(async () => {
    keys = newKeys();
    await lua.run('create', [keys.data], ['hash', 60_000, '', '', 0]);
  });

  const [a, b, c] = [token('a'), token('b'), token('c')];
  const hold = (value: string, lease = 30_000) => lua.redis.set(keys.lock, value, 'PX', lease);
  const wait = (who: string) => lua.run('wait', [keys.data, keys.lock], [who, 5000, `at-${who}`]);
  const renew = (who: string) => lua.run('renew', [keys.lock], [who, 60_000, '']);
  const release = (who: string) => lua.run('release', [keys.lock], [who]);

  const drop = () => lua.run('drop', [keys.lock], []);

  describe('wait.lua', () => {
    it('answers 2 when it has taken a lock that was free', async () => {
      expect(await wait(a)).toBe(2);
      expect(await lua.redis.get(keys.lock)).toBe(a);
      expect(await lua.redis.pttl(keys.lock)).toBeLessThanOrEqual(5000);
    });

    it('answers 1 where it holds the lock already, for another lease', async () => {
      await hold(`${a}\n${b}@at-b`, 100);
      expect(await wait(a)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(`${a}\n${b}@at-b`);
      expect(await lua.redis.pttl(keys.lock)).toBeGreaterThan(1000);
    });

    it('answers 0 where the session is gone, and takes no lock', async () => {
      await lua.redis.del(keys.data);
      expect(await wait(a)).toBe(0);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
    });

    it('answers how long the lease of another lasts, and enters its queue once', async () => {
      await hold(a);
      const left = Number(await wait(b));
      expect(left).toBeLessThan(-20_000);
      expect(left).toBeGreaterThanOrEqual(-30_000);
      await wait(c);
      await wait(b);
      expect(await lua.redis.get(keys.lock)).toBe(`${a}\n${b}@at-${b}\n${c}@at-${c}`);
      expect(await lua.redis.pttl(keys.lock)).toBeGreaterThan(20_000);
    });
  });

  describe('renew.lua', () => {
    it('answers 1 to the holder, whose lease begins anew', async () => {
      await hold(`${a}\n${b}@at-b`);
      expect(await renew(a)).toBe(1);
      expect(await lua.redis.pttl(keys.lock)).toBeGreaterThan(50_000);
    });

    it('answers 0 to everybody else', async () => {
      expect(await renew(a)).toBe(0);
      await hold(`${a}\n${b}@at-b`);
      expect(await renew(b)).toBe(0);
      expect(await lua.redis.pttl(keys.lock)).toBeLessThanOrEqual(30_000);
    });
  });

  it('renew.lua answers 0 to a holder whose secret was replaced, and its lease goes on', async () => {
    const renewAs = (secret: string) => lua.run('renew', [keys.lock, keys.data], [a, 60_000, secret]);
    await hold(a);
    expect(await renewAs('other')).toBe(0);
    expect(await lua.redis.pttl(keys.lock)).toBeLessThanOrEqual(30_000);
    expect(await renewAs('hash')).toBe(1);
  });

  describe('release.lua', () => {
    it('answers 1 to the holder, and frees the lock', async () => {
      await hold(a);
      expect(await release(a)).toBe(1);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
    });

    it('hands the lock to its first waiter', async () => {
      await hold(`${a}\n${b}@at-b\n${c}@at-c`);
      expect(await release(a)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(`${b}\n${c}@at-c`);
      expect(await release(b)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(c);
    });

    it.each([
      ['first', b, `${a}\n${c}@at-c`],
      ['last', c, `${a}\n${b}@at-b`],
    ])('answers 1 to the %s waiter, who leaves the queue', async (_place, who, rest) => {
      await hold(`${a}\n${b}@at-b\n${c}@at-c`);
      expect(await release(who)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(rest);
      expect(await lua.redis.pttl(keys.lock)).toBeGreaterThan(20_000);
    });

    it('answers 0 to a stranger, and changes nothing', async () => {
      expect(await release(a)).toBe(0);
      await hold(a);
      expect(await release(b)).toBe(0);
      expect(await lua.redis.get(keys.lock)).toBe(a);
    });
  });

  describe('in a server that is out of memory', () => {
    let undo: Undo;
    beforeEach(async () => {
      await hold(`${a}\n${b}@at-b\n${c}@at-c`);
      undo = await exhaustMemory(lua.server);
    });
    afterEach(() => undo());

    it('release.lua frees a lock that it cannot hand over', async () => {
      expect(await release(a)).toBe(1);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
    });

    it('release.lua lets a waiter go that it cannot remove, and changes nothing', async () => {
      expect(await release(b)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(`${a}\n${b}@at-b\n${c}@at-c`);
    });

    it('save.lua that removes an attribute hands its lock over', async () => {
      const changes = [60_000, a, '', '', 0, 1, '', '', 0, 'gone'];
      expect(await lua.run('save', [keys.data, keys.lock], changes)).toBe(1);
      expect(await lua.redis.get(keys.lock)).toBe(`${b}\n${c}@at-c`);
    });
  });

  describe('drop.lua', () => {
    it('answers 1 when it has ended a lock, whoever held it', async () => {
      await hold(`${a}\n${b}@at-b`);
      expect(await drop()).toBe(1);
      expect(await lua.redis.exists(keys.lock)).toBe(0);
    });

    it('answers 0 where there was no lock', async () => {
      expect(await drop()).toBe(0);
    });

    it('calls every waiter', async () => {
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

  it('go on where the account may not publish', async () => {
    await lua.redis.acl('SETUSER', 'quiet', 'on', '>quiet', '~*', '+@all', 'resetchannels');
    const quiet = lua.redis.duplicate({ username: 'quiet', password: 'quiet' });
    const { sessionScripts } = await import('../../lib/redis/session-scripts.js');
    await hold(`${a}\n${b}@at-b`);
    expect(await quiet.eval(sessionScripts.release.lua, 1, keys.lock, a)).toBe(1);
    expect(await quiet.get(keys.lock)).toBe(b);
    quiet.disconnect();
  });
});
