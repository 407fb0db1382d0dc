import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisSessionStore, type SessionRepository } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { type AnySession, repositoryOf, type RepositoryOptions } from '../session/session-fixture.js';
import { idsOf, login } from '../repository/users-fixture.js';

const HOUR = 3_600_000;

describe('the index of a user in Redis', () => {
  let server: RedisServer;
  let application: string;
  let sessions: SessionRepository;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    application = uniqueName('shop');
    sessions = sessionsOf();
  });

  /** The repository of another process. */
  function sessionsOf(options: RepositoryOptions = {}, name = application): SessionRepository {
    const timeouts = { operationTimeoutInMilliseconds: 5000, retryTimeoutInMilliseconds: 0 };
    const client = server.client({ autoResendUnfulfilledCommands: false });
    return repositoryOf(new RedisSessionStore(client, { applicationName: name, ...timeouts }), options);
  }
  const index = (user = '42') => `{${application}_${user}}_Sessions`;
  const keys = async () => (await server.admin.keys(`*${application}*`)).toSorted();

  it('is one sorted set of session ids, and the session says whose it is', async () => {
    const { id } = await login(sessions, '42');
    expect(await keys()).toEqual([`{${application}_${id}}_Data`, index()].toSorted());
    expect(await server.admin.zrange(index(), '0', '-1')).toEqual([id]);
    expect(await server.admin.hget(`{${application}_${id}}_Data`, ':user')).toBe('42');
  });

  it('has nothing of sessions without a user', async () => {
    const { id } = await login(sessions, undefined, { cart: [] });
    expect(await keys()).toEqual([`{${application}_${id}}_Data`]);
    expect(Object.keys(await server.admin.hgetall(`{${application}_${id}}_Data`)).toSorted()).toEqual([
      ':created',
      ':secret',
      'cart',
    ]);
  });

  it('has a key of its own for each user of each application', async () => {
    const neighbour = sessionsOf({}, `${application}_admin`);
    await login(sessions, 'admin_42');
    await login(neighbour, '42');
    await login(sessions, 'a}{\n%');
    const sets = (await keys()).filter((key) => key.endsWith('_Sessions'));
    expect(sets).toEqual(
      [
        `{${application}_admin%5F42}_Sessions`,
        `{${application}_admin_42}_Sessions`,
        `{${application}_a%7D%7B%0A%25}_Sessions`,
      ].toSorted(),
    );
  });

  it('lives longer than its sessions', async () => {
    const session = await login(sessions, '42');
    expect(await server.admin.pttl(index())).toBeGreaterThan(1_200_000 + HOUR);
    session.idleTimeoutInSeconds = 30 * 24 * 3600;
    await session.save();
    expect(await server.admin.pttl(index())).toBeGreaterThan(30 * 24 * HOUR + HOUR);
    await login(sessions, '42');
    expect(await server.admin.pttl(index())).toBeGreaterThan(30 * 24 * HOUR + HOUR);
  });

  it('loses the entry of a session that is destroyed', async () => {
    const [first, second] = [await login(sessions, '42'), await login(sessions, '42')];
    await first.destroy();
    await eventually(async () => expect(await server.admin.zrange(index(), '0', '-1')).toEqual([second.id]));
    await sessions.destroyByUser('42');
    expect(await server.admin.exists(index())).toBe(0);
  });

  it('keeps the entry of a session that has moved on, whose user may come back', async () => {
    const session = await login(sessions, '42');
    session.user = '43';
    await session.save();
    expect(await server.admin.zrange(index('42'), '0', '-1')).toEqual([session.id]);
    expect(await sessions.findByUser('42')).toEqual([]);
    expect(await sessions.destroyByUser('42')).toBe(0);
    session.user = '42';
    await server.admin.del(`${index('42')}_Refused`);
    await session.save();
    expect(await idsOf(sessions, '42')).toEqual([session.id]);
  });

  it('is written again by the next process that uses a session, once, if it is lost', async () => {
    const session = await login(sessions, '42');
    const credential = sessions.credentialOf(session)!;
    await server.admin.del(index());
    expect(await sessions.findByUser('42')).toEqual([]);
    const process = sessionsOf();
    await process.findByCredential(credential);
    await eventually(async () => expect(await idsOf(sessions, '42')).toEqual([session.id]));
    await server.admin.del(index());
    await process.findByCredential(credential);
    await process.findByCredential(credential);
    await process.ping();
    expect(await server.admin.exists(index())).toBe(0);
  });

  it('is not written by requests of a session that this process has bound', async () => {
    const session = await login(sessions, '42');
    const credential = sessions.credentialOf(session)!;
    const anonymous = sessions.credentialOf(await login(sessions, undefined, { cart: [] }))!;
    const commandsOf = async (presented: string) => {
      await server.resetStats();
      const found = (await sessions.findByCredential(presented)) as AnySession;
      found.visits = Math.random();
      await found.save();
      await sessions.findByCredential(presented);
      // What nobody awaited was sent before this.
      await sessions.ping();
      // Touches and the reads in scripts depend on when the session was last touched.
      const { pexpire: _touches, hget: _short, hmget: _full, ...others } = await server.commandStats();
      return others;
    };
    await commandsOf(anonymous);
    const without = await commandsOf(anonymous);
    expect(without).toMatchObject({ hgetall: 3, evalsha: 1 });
    expect(await commandsOf(credential)).toEqual(without);
  });

  /** What a login sends, without the commands inside of scripts. */
  async function commandsOfLogin(options: RepositoryOptions): Promise<Record<string, number>> {
    const process = sessionsOf(options);
    await login(process, '42');
    await server.resetStats();
    await login(process, '42');
    const inScripts = new Set(['time', 'zrange', 'zadd', 'hset', 'hsetnx', 'exists', 'del']);
    const sent = Object.entries(await server.commandStats());
    return Object.fromEntries(sent.filter(([name]) => !inScripts.has(name)));
  }

  describe('a login', () => {
    it('sends three commands and reads what destroyByUser left, without a limit', async () => {
      const commands = await commandsOfLogin({});
      expect(commands).not.toHaveProperty('zscan');
      expect(commands).not.toHaveProperty('set');
      expect(commands.evalsha).toBe(2);
    });

    it('takes a lock, reads the list and releases the lock, with a limit that is not reached', async () => {
      const without = await commandsOfLogin({});
      const commands = await commandsOfLogin({ maxSessionsPerUser: 10 });
      expect(commands).toMatchObject({ set: 1, zscan: 1, evalsha: without.evalsha! + 1 });
      expect(commands).not.toHaveProperty('hmget');
    });

    it('leaves no lock', async () => {
      await login(sessionsOf({ maxSessionsPerUser: 1 }), '42');
      expect((await keys()).filter((key) => key.includes('Lock'))).toEqual([]);
    });

    it('that is refused leaves no entry', async () => {
      const process = sessionsOf({ maxSessionsPerUser: 1, onSessionLimit: 'refuse' });
      const { id } = await login(process, '42');
      for (let n = 0; n < 10; n++) await login(process, '42').catch(() => undefined);
      expect(await server.admin.zrange(index(), '0', '-1')).toEqual([id]);
    });
  });

  /** How many entries each call of these commands was about, at most. */
  async function largest(): Promise<Record<string, number>> {
    const sizes: Record<string, number> = {};
    const entries = (await server.admin.slowlog('GET', -1)) as [number, number, number, string[]][];
    for (const [, , , [name = '', ...args]] of entries) {
      const command = name.toLowerCase();
      // Of a long command, Redis keeps 32 arguments and how many there were more.
      const [, more = '1'] = /^\.\.\. \((\d+) more arguments\)$/.exec(args.at(-1) ?? '') ?? [];
      const size = command === 'zscan' ? Number(args.at(-1)) : args.length - 2 + Number(more);
      sizes[command] = Math.max(sizes[command] ?? 0, size);
    }
    return sizes;
  }

  describe('of a user with thousands of sessions', () => {
    const all = 3000;
    beforeEach(async () => {
      for (let n = 0; n < all; n += 500)
        await Promise.all(Array.from({ length: 500 }, () => login(sessions, '42')));
      await server.admin.config('SET', 'slowlog-log-slower-than', 0, 'slowlog-max-len', 100_000);
      await server.admin.slowlog('RESET');
      await server.resetStats();
    }, 60_000);
    afterEach(() => server.admin.config('SET', 'slowlog-log-slower-than', 10_000));

    it('is read and emptied a hundred entries at a time, so that Redis serves others between them', async () => {
      expect(await sessions.findByUser('42')).toHaveLength(all);
      expect(await sessions.destroyByUser('42')).toBe(all);
      expect(await largest()).toMatchObject({ zscan: 100, zrem: expect.any(Number) });
      expect((await largest())['zrem']).toBeLessThanOrEqual(100);
      const { zscan, zrem, hmget } = await server.commandStats();
      expect(zscan).toBeGreaterThanOrEqual((2 * all) / 200);
      expect(zrem).toBeGreaterThanOrEqual(all / 100);
      expect(hmget).toBe(all);
      expect(await server.admin.keys(`{${application}_*}_Data`)).toEqual([]);
    }, 60_000);

    it('is counted a hundred entries at a time by a login at the limit', async () => {
      await login(sessionsOf({ maxSessionsPerUser: 10 }), '42');
      expect(await idsOf(sessions, '42')).toHaveLength(10);
      const sizes = await largest();
      expect(sizes['zscan']).toBe(100);
      expect(sizes['zrem']).toBeLessThanOrEqual(100);
    }, 60_000);
  });
});
