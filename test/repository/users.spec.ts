import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  InMemorySessionStore,
  SessionDataError,
  SessionGoneError,
  type SessionRepository,
  SessionUsageError,
} from 'nestjs-redis-session';
import { uniqueName } from '../support/unique-name.js';
import { type AnySession, found, repositoryOf, type RepositoryOptions } from '../session/session-fixture.js';
import { idsOf, login, places, type StoreMaker } from './users-fixture.js';

describe.each(places)('the sessions of a user, in %s', (_, open) => {
  let place: StoreMaker;
  let application: string;
  let sessions: SessionRepository;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place?.close());
  beforeEach(() => {
    application = uniqueName('shop');
    sessions = repositoryOf(place.store(application));
  });
  const other = (options?: RepositoryOptions) => repositoryOf(place.store(application), options);

  describe('a session that names its user', () => {
    it('is listed, without a secret, with the attributes that were asked for', async () => {
      sessions = other({ listedAttributes: ['city', 'device', 'never'] });
      const session = await login(sessions, '42', { city: 'Turin', device: { os: 'x' }, cart: ['tea'] });
      const [listed, ...others] = await sessions.findByUser('42');
      expect(others).toEqual([]);
      expect(listed).toEqual({
        id: session.id,
        createdAt: session.createdAt,
        lastAccessedAt: expect.any(Date),
        expiresAt: expect.any(Date),
        attributes: { city: 'Turin', device: { os: 'x' } },
      });
      expect(listed!.expiresAt.getTime() - listed!.lastAccessedAt.getTime()).toBe(1_200_000);
      expect(listed!.lastAccessedAt.getTime() - session.createdAt.getTime()).toBeLessThan(20_000);
    });

    it('is found under a number as under its text', async () => {
      const session = await login(sessions, 42);
      expect(session.user).toBe(42);
      expect(await idsOf(sessions, '42')).toEqual([session.id]);
      expect(await idsOf(sessions, 42)).toEqual([session.id]);
    });

    it('keeps the user as an attribute', async () => {
      const session = await login(sessions, '42', { cart: [] });
      expect({ ...(await found(sessions, session.id)) }).toEqual({ cart: [], user: '42' });
    });

    it('can be bound later, with rotate(), which keeps it bound', async () => {
      const session = sessions.create() as AnySession;
      session.cart = ['tea'];
      await session.save();
      expect(await sessions.findByUser('42')).toEqual([]);
      session.rotate();
      session.user = '42';
      await session.save();
      session.rotate();
      await session.save();
      expect(await idsOf(sessions, '42')).toEqual([session.id]);
    });

    it('is moved when its user changes', async () => {
      const session = await login(sessions, '42');
      session.user = '43';
      await session.save();
      expect(await idsOf(sessions, '42')).toEqual([]);
      expect(await idsOf(sessions, '43')).toEqual([session.id]);
      expect(await sessions.destroyByUser('42')).toBe(0);
      expect(await sessions.find(session.id)).toBeDefined();
    });

    it.each<[string, (session: AnySession) => unknown]>([
      ['its user is deleted', (session) => delete session.user],
      ['its user is undefined', (session) => (session.user = undefined)],
      ['its user is empty', (session) => (session.user = '')],
      ['its user becomes an object', (session) => (session.user = { id: '42' })],
    ])('is not listed any more when %s', async (_case, change) => {
      const session = await login(sessions, '42');
      change(session);
      await session.save();
      expect(await sessions.findByUser('42')).toEqual([]);
      expect(await sessions.destroyByUser('42')).toBe(0);
    });

    it('is not listed after destroy() and regenerate()', async () => {
      const [destroyed, regenerated] = [await login(sessions, '42'), await login(sessions, '42')];
      await destroyed.destroy();
      const next = (await regenerated.regenerate()) as AnySession;
      next.cart = [];
      await next.save();
      expect(await sessions.findByUser('42')).toEqual([]);
    });

    it('keeps its user if a handler stores an object, as other software does', async () => {
      const session = await login(sessions, { id: 42, name: 'Ada' });
      expect((await found(sessions, session.id)).user).toEqual({ id: 42, name: 'Ada' });
      expect(await sessions.findByUser('42')).toEqual([]);
    });

    it('is refused with a user that cannot be in an index, and nothing is written', async () => {
      await expect(login(sessions, 'x'.repeat(1025))).rejects.toBeInstanceOf(SessionDataError);
      const session = await login(sessions, '42');
      session.cart = ['tea'];
      session.user = 'x'.repeat(1025);
      await expect(session.save()).rejects.toThrow('index "user"');
      expect({ ...(await found(sessions, session.id)) }).toEqual({ user: '42' });
    });
  });

  describe('a user with several sessions', () => {
    it('sees all of them, the one that was used last first', async () => {
      const first = await login(sessions, '42');
      await sleep(20);
      const second = await login(sessions, '42');
      await sleep(20);
      expect((await sessions.findByUser('42')).map(({ id }) => id)).toEqual([second.id, first.id]);
      await first.touch();
      expect((await sessions.findByUser('42')).map(({ id }) => id)).toEqual([first.id, second.id]);
    });

    it('sees all sessions that began at once', async () => {
      const all = await Promise.all(Array.from({ length: 20 }, () => login(sessions, '42')));
      expect(await idsOf(sessions, '42')).toEqual(all.map(({ id }) => id).toSorted());
    });

    it('does not see sessions that have expired', async () => {
      const brief = await login(sessions, '42');
      brief.idleTimeoutInSeconds = 1;
      await brief.save();
      const alive = await login(sessions, '42');
      await sleep(1100);
      expect(await idsOf(sessions, '42')).toEqual([alive.id]);
      expect(await sessions.destroyByUser('42')).toBe(1);
    });

    it('does not see sessions that are past an absolute timeout that was set later', async () => {
      await login(sessions, '42');
      await sleep(1100);
      const younger = await login(sessions, '42');
      expect(await idsOf(other({ absoluteTimeoutInSeconds: 1 }), '42')).toEqual([younger.id]);
    });

    it('does not see sessions of other users and applications', async () => {
      await login(sessions, '43');
      await login(repositoryOf(place.store(`${application}_admin`)), '42');
      await login(repositoryOf(place.store(application.slice(0, -2))), `${application.slice(-1)}_42`);
      expect(await sessions.findByUser('42')).toEqual([]);
    });

    it('still sees the others if a listed attribute of one cannot be read', async () => {
      const session = await login(sessions, '42', { city: 'Turin' });
      const notJson = new Map([['city', 'Turin"']]);
      const changes = { attributes: notJson, defaultIdleTimeoutInMilliseconds: 1_200_000 };
      await place.store(application).save(session.id, changes);
      const listed = await other({ listedAttributes: ['city', 'user'] }).findByUser('42');
      expect(listed.map(({ attributes }) => attributes)).toEqual([{ user: '42' }]);
    });
  });

  describe('destroyByUser()', () => {
    it('ends all sessions of the user and no other', async () => {
      const own = await Promise.all([1, 2, 3].map(() => login(sessions, '42')));
      const kept = await login(sessions, '43');
      expect(await sessions.destroyByUser('42')).toBe(3);
      for (const { id } of own) expect(await sessions.find(id)).toBeUndefined();
      expect(await sessions.findByUser('42')).toEqual([]);
      expect(await idsOf(sessions, '43')).toEqual([kept.id]);
      expect(await sessions.destroyByUser('42')).toBe(0);
    });

    it('leaves the session that is excepted, given as a session or as its id', async () => {
      const [first, second, third] = [
        await login(sessions, '42'),
        await login(sessions, '42'),
        await login(sessions, '42'),
      ];
      expect(await sessions.destroyByUser('42', { except: third })).toBe(2);
      expect(await idsOf(sessions, '42')).toEqual([third.id]);
      expect(await sessions.destroyByUser('42', { except: third.id })).toBe(0);
      expect([await sessions.find(first.id), await sessions.find(second.id)]).toEqual([undefined, undefined]);
    });

    it('wins over requests that loaded a session before', async () => {
      const { id } = await login(sessions, '42');
      const [writing, touching] = [await found(sessions, id), await found(sessions, id)];
      await sessions.destroyByUser('42');
      writing.cart = ['tea'];
      await expect(writing.save()).rejects.toBeInstanceOf(SessionGoneError);
      await touching.touch();
      expect(await sessions.find(id)).toBeUndefined();
      expect(await sessions.findByUser('42')).toEqual([]);
    });

    it('ends hundreds of sessions', async () => {
      await Promise.all(Array.from({ length: 700 }, () => login(sessions, '42')));
      expect(await sessions.destroyByUser('42')).toBe(700);
      expect(await sessions.findByUser('42')).toEqual([]);
    });
  });

  describe('two requests that change the user of one session', () => {
    it('leave it with one user, in the attribute and in the lists', async () => {
      for (let round = 0; round < 10; round++) {
        const users = [`${round}-1`, `${round}-2`, `${round}-3`] as const;
        const { id } = await login(sessions, users[0]);
        const [one, two] = [await found(sessions, id), await found(sessions, id)];
        one.user = users[1];
        two.user = users[2];
        await Promise.all([one.save(), two.save()]);
        const { user } = await found(sessions, id);
        const lists = await Promise.all(users.map((listed) => idsOf(sessions, listed)));
        expect(lists).toEqual(users.map((listed) => (listed === user ? [id] : [])));
        await sessions.destroyByUser(user as string);
        expect(await sessions.find(id)).toBeUndefined();
      }
    });
  });

  describe('the option indexes', () => {
    const indexes: RepositoryOptions['indexes'] = {
      idp: (session) => session.idpSid as string | undefined,
      user: (session) => (session.passport as { user?: number } | undefined)?.user,
    };

    it('finds and ends sessions by values of the application', async () => {
      sessions = other({ indexes });
      const session = await login(sessions, 'ignored', { idpSid: 'sid-1', passport: { user: 7 } });
      const another = await login(sessions, 'ignored', { idpSid: 'sid-2', passport: { user: 7 } });
      expect((await sessions.findByIndex('idp', 'sid-1')).map(({ id }) => id)).toEqual([session.id]);
      expect(await idsOf(sessions, 7)).toEqual([session.id, another.id].toSorted());
      expect(await sessions.findByUser('ignored')).toEqual([]);
      expect(await sessions.destroyByIndex('idp', 'sid-1')).toBe(1);
      expect(await sessions.findByIndex('idp', 'sid-1')).toEqual([]);
      expect(await idsOf(sessions, 7)).toEqual([another.id]);
    });

    it('binds a session that was stored before the option was set, when it is stored again', async () => {
      const { id } = await login(sessions, 'ignored', { idpSid: 'sid-1' });
      sessions = other({ indexes });
      expect(await sessions.findByIndex('idp', 'sid-1')).toEqual([]);
      const session = await found(sessions, id);
      session.visits = 1;
      await session.save();
      expect((await sessions.findByIndex('idp', 'sid-1')).map((listed) => listed.id)).toEqual([id]);
    });

    it('refuses a name that is no index, and a value that is none', async () => {
      await expect(sessions.findByIndex('idp', '1')).rejects.toThrow('There is no index "idp"');
      await expect(sessions.destroyByIndex('constructor', '1')).rejects.toBeInstanceOf(SessionUsageError);
      await expect(sessions.findByUser('')).rejects.toThrow('No value for the index "user"');
      await expect(sessions.destroyByUser(undefined as never)).rejects.toBeInstanceOf(SessionUsageError);
      await expect(sessions.destroyByUser({} as never)).rejects.toThrow('of type object');
    });

    it('refuses what a function returns if it is no value, and nothing is written', async () => {
      sessions = other({ indexes: { idp: () => ({}) as never } });
      const session = sessions.create() as AnySession;
      session.cart = [];
      await expect(session.save()).rejects.toThrow('index "idp" is of type object');
      expect(await sessions.find(session.id)).toBeUndefined();
    });
  });

  describe('destroyAll()', () => {
    it('ends every session of this application and none of another', async () => {
      const own = [await login(sessions, '42'), await login(sessions, undefined, { cart: [] })];
      await Promise.all(Array.from({ length: 700 }, () => login(sessions, '43')));
      const neighbour = repositoryOf(place.store(`${application}_admin`));
      const kept = await login(neighbour, '42');
      expect(await sessions.destroyAll()).toBe(702);
      for (const { id } of own) expect(await sessions.find(id)).toBeUndefined();
      expect(await sessions.findByUser('43')).toEqual([]);
      expect(await neighbour.find(kept.id)).toBeDefined();
      expect(await sessions.destroyAll()).toBe(0);
    });
  });
});

describe('a store of the application without an index', () => {
  const store = new InMemorySessionStore();
  Object.defineProperty(store, 'index', { value: undefined });
  const sessions = repositoryOf(store);

  it('keeps session.user as an attribute', async () => {
    const { id } = await login(sessions, '42');
    expect({ ...(await found(sessions, id)) }).toEqual({ user: '42' });
    expect((await store.load(id))?.indexed).toBeUndefined();
  });

  it.each<[string, () => Promise<unknown>]>([
    ['findByUser', () => sessions.findByUser('42')],
    ['destroyByUser', () => sessions.destroyByUser('42')],
    ['destroyAll', () => sessions.destroyAll()],
  ])('refuses %s with what to do', async (_, call) => {
    await expect(call()).rejects.toThrow(/it has no "index"\. Implement SessionStore\.index/);
  });
});
