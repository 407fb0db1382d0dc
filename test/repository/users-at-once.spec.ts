import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  SessionConflictError,
  SessionGoneError,
  type SessionRepository,
  type SessionStore,
  SessionStoreUnavailableError,
} from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import { uniqueName } from '../support/unique-name.js';
import { type AnySession, found, repositoryOf } from '../session/session-fixture.js';
import { held, idsOf, login, places, type StoreMaker } from './users-fixture.js';

describe.each(places)('a login and the end of all sessions at once, in %s', (_, open) => {
  let place: StoreMaker;
  let application: string;
  let sessions: SessionRepository;
  let slow: ReturnType<typeof held>;
  let slowSessions: SessionRepository;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place?.close());
  beforeEach(() => {
    application = uniqueName('shop');
    sessions = repositoryOf(place.store(application));
    slow = held(place.store(application));
    slowSessions = repositoryOf(slow.store);
  });

  /** Sessions that a request is about to bind to a user: the same one, and a new one. */
  const kinds: [string, 'save' | 'create', () => Promise<AnySession>][] = [
    [
      'a stored session',
      'save',
      async () => {
        const { id } = await login(sessions, undefined, { cart: ['tea'] });
        return found(slowSessions, id);
      },
    ],
    ['a new session', 'create', async () => slowSessions.create() as AnySession],
  ];

  describe.each(kinds)('a login in %s', (_kind, operation, begin) => {
    it('does not escape if its write comes after the last session was ended', async () => {
      const session = await begin();
      const bystander = await login(sessions, '42');
      const write = slow.hold(operation);
      session.rotate();
      session.user = '42';
      const saved = session.save().catch((error: unknown) => error);
      await write.called;
      expect(await sessions.destroyByUser('42')).toBe(1);
      write.release();
      const error = (await saved) as Error;
      expect(error).toBeInstanceOf(SessionConflictError);
      expect(error.message).toMatch(/were ended while this request ran/);
      expect(await sessions.find(session.id)).toBeUndefined();
      expect(await sessions.find(bystander.id)).toBeUndefined();
      expect(await sessions.findByUser('42')).toEqual([]);
      expect(() => (session.cart = [])).toThrow(SessionGoneError);
    });

    it('does not escape if its request began before and everything else came after', async () => {
      const session = await begin();
      await sessions.destroyByUser('42');
      session.user = '42';
      await expect(session.save()).rejects.toBeInstanceOf(SessionConflictError);
      expect(await sessions.find(session.id)).toBeUndefined();
    });

    it('is found and ended if its write comes first', async () => {
      const session = await begin();
      session.user = '42';
      await session.save();
      expect(await sessions.destroyByUser('42')).toBe(1);
      expect(await sessions.find(session.id)).toBeUndefined();
    });

    it('stays if it begins after', async () => {
      await login(sessions, '42');
      await sessions.destroyByUser('42');
      const session = await eventually(async () => {
        // A request that began in the same millisecond counts as earlier.
        const begun = await begin();
        begun.user = '42';
        await begun.save();
        return begun;
      });
      expect(await idsOf(sessions, '42')).toEqual([session.id]);
    });

    it('stays if it ends all others itself', async () => {
      await login(sessions, '42');
      const session = await begin();
      session.rotate();
      session.user = '42';
      expect(await sessions.destroyByUser('42', { except: session })).toBe(1);
      await session.save();
      expect(await idsOf(sessions, '42')).toEqual([session.id]);
    });

    it('of another user is not refused', async () => {
      const session = await begin();
      await sessions.destroyByUser('42');
      session.user = '43';
      await session.save();
      expect(await idsOf(sessions, '43')).toEqual([session.id]);
    });
  });

  it('leaves nothing of many logins that overlap it, unless they began after it', async () => {
    const stop = new AbortController();
    const kept: string[] = [];
    const visitor = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        // The store in memory never waits for anything else.
        await setImmediate();
        await login(sessions, '42').then(
          ({ id }) => kept.push(id),
          (error: unknown) => expect(error).toBeInstanceOf(SessionConflictError),
        );
      }
    };
    const visitors = Array.from({ length: 8 }, visitor);
    await eventually(() => kept.length > 50);
    const before = new Set(kept);
    await sessions.destroyByUser('42');
    stop.abort();
    await Promise.all(visitors);
    const alive = await idsOf(sessions, '42');
    expect(alive.filter((id) => before.has(id))).toEqual([]);
    await sessions.destroyByUser('42');
    expect(await sessions.findByUser('42')).toEqual([]);
    for (const id of kept) expect(await sessions.find(id)).toBeUndefined();
  });

  describe('a process that ends between the two writes of a login', () => {
    it('leaves the session as it was, and nothing in the list', async () => {
      const { id } = await login(sessions, undefined, { cart: ['tea'] });
      const session = await found(slowSessions, id);
      const write = slow.hold('save');
      session.user = '42';
      const saved = session.save();
      await write.called;
      // The write never comes.
      expect(await sessions.findByUser('42')).toEqual([]);
      expect(await sessions.destroyByUser('42')).toBe(0);
      expect({ ...(await found(sessions, id)) }).toEqual({ cart: ['tea'] });
      write.release();
      await saved.catch(() => undefined);
    });
  });

  describe('a session that is used after all sessions of its user were ended', () => {
    it('does not come back, not even as an entry', async () => {
      const session = await login(sessions, '42');
      const credential = sessions.credentialOf(session)!;
      const request = (await repositoryOf(place.store(application)).findByCredential(credential))!;
      await sessions.destroyByUser('42');
      await request.touch();
      expect(await sessions.findByCredential(credential)).toBeUndefined();
      expect(await sessions.findByUser('42')).toEqual([]);
    });
  });

  describe('a check that fails after the write of a login', () => {
    it('leaves a new session to its client, who can use it', async () => {
      const process = repositoryOf(unchecked(place.store(application)));
      const session = process.create() as AnySession;
      session.user = '42';
      await expect(session.save()).rejects.toBeInstanceOf(SessionStoreUnavailableError);
      const credential = process.credentialOf(session)!;
      expect((await sessions.findByCredential(credential))?.id).toBe(session.id);
    });

    it('leaves a rotated session to its client, who can use it', async () => {
      const credential = sessions.credentialOf(await login(sessions, undefined, { cart: ['tea'] }))!;
      const process = repositoryOf(unchecked(place.store(application)));
      const session = (await process.findByCredential(credential)) as AnySession;
      session.rotate();
      session.user = '42';
      await expect(session.save()).rejects.toBeInstanceOf(SessionStoreUnavailableError);
      const rotated = process.credentialOf(session)!;
      expect(rotated).not.toBe(credential);
      expect((await sessions.findByCredential(rotated))?.id).toBe(session.id);
    });
  });

  describe('an index that cannot be written', () => {
    it('refuses the login: no session is bound without an entry', async () => {
      const { id } = await login(sessions, undefined, { cart: ['tea'] });
      const store = place.store(application);
      const broken = new Proxy(store, {
        get(target, name) {
          if (name !== 'index') return bound(target, name);
          return new Proxy(target.index!, {
            get: (index, method) => (method === 'add' ? unavailable : bound(index, method)),
          });
        },
      });
      const session = await found(repositoryOf(broken), id);
      session.rotate();
      session.user = '42';
      await expect(session.save()).rejects.toBeInstanceOf(SessionStoreUnavailableError);
      const fresh = repositoryOf(broken).create() as AnySession;
      fresh.user = '42';
      await expect(fresh.save()).rejects.toBeInstanceOf(SessionStoreUnavailableError);
      expect({ ...(await found(sessions, id)) }).toEqual({ cart: ['tea'] });
      expect(await sessions.find(fresh.id)).toBeUndefined();
    });
  });
});

/** A store that refuses the check after a write, so that nothing of the check is carried out. */
function unchecked(store: SessionStore): SessionStore {
  const index = new Proxy(store.index!, {
    get: (target, name) => (name === 'refusedAgo' ? refused : bound(target, name)),
  });
  return new Proxy(store, { get: (target, name) => (name === 'index' ? index : bound(target, name)) });
}

async function refused(): Promise<never> {
  throw new SessionStoreUnavailableError('index', 1, new Error('refused'), false);
}

async function unavailable(): Promise<never> {
  throw new SessionStoreUnavailableError('index', 1, new Error('no answer'));
}

function bound(target: object, name: string | symbol): unknown {
  const value = Reflect.get(target, name) as unknown;
  return typeof value === 'function' ? value.bind(target) : value;
}
