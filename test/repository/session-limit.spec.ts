import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type IndexKey,
  RedisSessionOptions,
  SessionDataError,
  SessionLimitError,
  SessionLockTimeoutError,
  type SessionRepository,
  type SessionStore,
  SessionStoreUnavailableError,
} from 'nestjs-redis-session';
import { type AnySession, found, repositoryOf, type RepositoryOptions } from '../session/session-fixture.js';
import { deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import { uniqueName } from '../support/unique-name.js';
import { held, idsOf, login, places, type StoreMaker } from './users-fixture.js';

const briefLock = Object.assign(new RedisSessionOptions().lock, { leaseInMilliseconds: 1000 });

const sorted = (...ids: (string | undefined)[]): string[] => ids.map(String).toSorted();

describe.each(places)('a limit of sessions for each user, in %s', (_, open) => {
  let place: StoreMaker;
  let application: string;
  let sessions: SessionRepository;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place?.close());
  beforeEach(() => {
    application = uniqueName('shop');
    sessions = limited({ maxSessionsPerUser: 2 });
  });
  const limited = (options: RepositoryOptions) => repositoryOf(place.store(application), options);
  const refusing = (maxSessionsPerUser = 2) => limited({ maxSessionsPerUser, onSessionLimit: 'refuse' });

  /** Logs in one after the other, so that each session is younger than the one before. */
  async function logins(count: number, user = '42'): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) {
      const before = Date.now();
      await eventually(() => Date.now() > before, { every: 1 });
      ids.push((await login(sessions, user)).id);
    }
    return ids;
  }

  describe('a login of a user with as many sessions', () => {
    it('ends the one that was created first', async () => {
      const [first, second, third] = await logins(3);
      expect(await idsOf(sessions, '42')).toEqual(sorted(second, third));
      expect(await sessions.find(first!)).toBeUndefined();
    });

    it('ends the one that was created first even if it is in use', async () => {
      const [first, second] = await logins(2);
      await sessions.touch(await found(sessions, first!));
      const { id } = await login(sessions, '42');
      expect(await idsOf(sessions, '42')).toEqual(sorted(second, id));
    });

    it('is refused, if the option says so, and stores nothing', async () => {
      sessions = refusing();
      const ids = await logins(2);
      const session = sessions.create() as AnySession;
      Object.assign(session, { user: '42', cart: ['tea'] });
      const error = (await session.save().catch((reason: unknown) => reason)) as SessionLimitError;
      expect(error).toBeInstanceOf(SessionLimitError);
      expect(error).toMatchObject({ code: 'SESSION_LIMIT', statusCode: 409, limit: 2 });
      expect(error.message).toMatch(/^This user has as many sessions as maxSessionsPerUser allows \(2\)/);
      expect(await sessions.find(session.id)).toBeUndefined();
      expect(sessions.credentialOf(session)).toBeUndefined();
      expect(await idsOf(sessions, '42')).toEqual(ids.toSorted());
    });

    it('is refused in a session that is stored already, which stays as it was', async () => {
      sessions = refusing();
      const ids = await logins(2);
      const { id } = await login(sessions, undefined, { cart: ['tea'] });
      const session = await found(sessions, id);
      session.rotate();
      Object.assign(session, { user: '42', cart: [] });
      await expect(session.save()).rejects.toBeInstanceOf(SessionLimitError);
      expect({ ...(await found(sessions, id)) }).toEqual({ cart: ['tea'] });
      expect(await idsOf(sessions, '42')).toEqual(ids.toSorted());
      // The handler goes on without the login.
      delete session.user;
      await session.save();
      expect({ ...(await found(sessions, id)) }).toEqual({ cart: [] });
    });

    it('succeeds after another session has ended', async () => {
      sessions = refusing();
      const [first, second] = await logins(2);
      await expect(login(sessions, '42')).rejects.toBeInstanceOf(SessionLimitError);
      await sessions.destroy(first!);
      const { id } = await login(sessions, '42');
      expect(await idsOf(sessions, '42')).toEqual(sorted(second, id));
    });

    it('ends all that are too many, if the limit was lowered', async () => {
      sessions = limited({});
      const ids = await logins(5);
      sessions = limited({ maxSessionsPerUser: 2 });
      const { id } = await login(sessions, '42');
      expect(await idsOf(sessions, '42')).toEqual(sorted(ids.at(-1), id));
    });
  });

  describe('what does not count', () => {
    it('another user', async () => {
      sessions = refusing(1);
      await login(sessions, '42');
      await login(sessions, '43');
      await login(sessions, undefined, { cart: [] });
      expect(await idsOf(sessions, '43')).toHaveLength(1);
    });

    it('sessions that have expired, whose entries are still there', async () => {
      sessions = refusing(1);
      const brief = sessions.create() as AnySession;
      brief.user = '42';
      brief.idleTimeoutInSeconds = 1;
      await brief.save();
      await eventually(async () => expect(await sessions.find(brief.id)).toBeUndefined());
      const { id } = await login(sessions, '42');
      expect(await idsOf(sessions, '42')).toEqual([id]);
    });

    it('sessions that were moved to another user', async () => {
      sessions = refusing(1);
      const session = await login(sessions, '42');
      session.user = '43';
      await session.save();
      const { id } = await login(sessions, '42');
      expect(await idsOf(sessions, '42')).toEqual([id]);
      expect(await idsOf(sessions, '43')).toEqual([session.id]);
    });
  });

  describe.each([['end-oldest'], ['refuse']] as const)('a session that is bound already, with %s', (mode) => {
    beforeEach(() => {
      sessions = limited({ maxSessionsPerUser: 1, onSessionLimit: mode });
    });

    it('can be saved, rotated and bound again to the same user', async () => {
      const session = await login(sessions, '42', { visits: 0 });
      session.visits = 1;
      await session.save();
      session.rotate();
      await session.save();
      delete session.user;
      await session.save();
      session.user = '42';
      session.rotate();
      await session.save();
      expect(await idsOf(sessions, '42')).toEqual([session.id]);
    });

    it('can be moved to another user, and back', async () => {
      const session = await login(sessions, '42');
      session.user = '43';
      await session.save();
      session.user = '42';
      await session.save();
      expect(await idsOf(sessions, '42')).toEqual([session.id]);
      expect(await idsOf(sessions, '43')).toEqual([]);
    });

    it('can be bound by two requests at once', async () => {
      const { id } = await login(sessions, undefined, { cart: [] });
      const requests = await Promise.all([found(sessions, id), found(sessions, id)]);
      await Promise.all(
        requests.map((request) => {
          request.user = '42';
          return request.save();
        }),
      );
      expect(await idsOf(sessions, '42')).toEqual([id]);
    });

    it('makes room when it is regenerated', async () => {
      const session = await login(sessions, '42');
      const next = (await session.regenerate()) as AnySession;
      next.user = '42';
      await next.save();
      expect(await idsOf(sessions, '42')).toEqual([next.id]);
    });
  });

  async function attempts(
    options: RepositoryOptions,
    limit: number,
  ): Promise<PromiseSettledResult<string>[]> {
    const processes = Array.from({ length: 3 }, () => limited(options));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, async (_unused, n) => {
        const { id } = await login(processes[n % 3]!, '42');
        // A listing after this login was answered.
        expect((await idsOf(processes[(n + 1) % 3]!, '42')).length).toBeLessThanOrEqual(limit);
        return id;
      }),
    );
    return outcomes;
  }

  describe('50 logins of one user at once, in three processes', () => {
    it('leave as many sessions as the limit says', async () => {
      const outcomes = await attempts({ maxSessionsPerUser: 2 }, 2);
      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
      expect(await idsOf(sessions, '42')).toHaveLength(2);
    }, 30_000);

    it('are refused but for as many as the limit says', async () => {
      const outcomes = await attempts({ maxSessionsPerUser: 2, onSessionLimit: 'refuse' }, 2);
      const ids = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(reasons.filter((reason) => !(reason instanceof SessionLimitError))).toEqual([]);
      expect(ids).toHaveLength(2);
      expect(await idsOf(sessions, '42')).toEqual(ids.toSorted());
    }, 30_000);
  });

  describe('a login whose process stalls for longer than its lock', () => {
    it('ends the session that came in between', async () => {
      const slow = held(place.store(application));
      const options = { maxSessionsPerUser: 1, lock: briefLock } as const;
      const write = slow.hold('create');
      const late = login(repositoryOf(slow.store, options), '42');
      await write.called;
      const between = await login(limited(options), '42');
      write.release();
      const { id } = await late;
      expect(await idsOf(sessions, '42')).toEqual([id]);
      expect(await sessions.find(between.id)).toBeUndefined();
    });

    it('is refused if another login came in between, and its session is ended', async () => {
      const slow = held(place.store(application));
      const options = { maxSessionsPerUser: 1, onSessionLimit: 'refuse', lock: briefLock } as const;
      const slowSessions = repositoryOf(slow.store, options);
      const session = slowSessions.create() as AnySession;
      session.user = '42';
      const write = slow.hold('create');
      const late = session.save().catch((error: unknown) => error);
      await write.called;
      const between = await login(limited(options), '42');
      write.release();
      expect(await late).toBeInstanceOf(SessionLimitError);
      expect(await idsOf(sessions, '42')).toEqual([between.id]);
      expect(await sessions.find(session.id)).toBeUndefined();
      expect(slowSessions.credentialOf(session)).toBeUndefined();
    });

    it('counts again if it stalled while it counted, though its lock was free when it went on', async () => {
      const options = { maxSessionsPerUser: 1, lock: briefLock } as const;
      const stalled = deferred();
      const goOn = deferred();
      const store = stalling(place.store(application), async () => {
        stalled.resolve();
        await goOn.promise;
      });
      const late = login(repositoryOf(store, options), '42');
      await stalled.promise;
      const between = await login(limited(options), '42');
      goOn.resolve();
      const { id } = await late;
      expect(await idsOf(sessions, '42')).toEqual([id]);
      expect(await sessions.find(between.id)).toBeUndefined();
    });
  });

  describe('a process that ends between the count and the write', () => {
    it('holds up other logins of its user only until its lock ends', async () => {
      const slow = held(place.store(application));
      const options = {
        maxSessionsPerUser: 1,
        onSessionLimit: 'refuse',
        lock: briefLock,
      } as const;
      const write = slow.hold('create');
      login(repositoryOf(slow.store, options), '42').catch(() => undefined);
      await write.called;
      // The write never comes.
      const { id } = await login(limited(options), '42');
      expect(await idsOf(sessions, '42')).toEqual([id]);
    });
  });

  describe('a login that waits for others of its user', () => {
    it('is refused with 423 after lock.waitTimeoutInMilliseconds, and does not name the user', async () => {
      const store = place.store(application);
      const key = { index: 'user', value: 'ada' };
      const lease = { token: 'x'.repeat(22), leaseInMilliseconds: 60_000, waitInMilliseconds: 0 };
      expect(await store.index!.lock(key, lease)).toBe(true);
      const lock = Object.assign(new RedisSessionOptions().lock, { waitTimeoutInMilliseconds: 100 });
      const impatient = limited({ maxSessionsPerUser: 2, lock });
      // The second one waits in the queue of its process.
      const outcomes = await Promise.allSettled([login(impatient, 'ada'), login(impatient, 'ada')]);
      for (const outcome of outcomes) {
        const { reason } = outcome as PromiseRejectedResult;
        expect(reason).toBeInstanceOf(SessionLockTimeoutError);
        expect(reason).toMatchObject({ statusCode: 423, retryAfterInSeconds: 1 });
        expect((reason as Error).message).not.toContain('ada');
      }
      await login(impatient, 'eve');
      await store.index!.unlock(key, lease.token);
      await login(impatient, 'ada');
      expect(await idsOf(sessions, 'ada')).toHaveLength(1);
    });
  });

  describe('a store that fails', () => {
    it.each(['lock', 'ids', 'add', 'unlock'])('refuses the login: %s', async (method) => {
      await login(limited({}), '42');
      const fails = failing(place.store(application), method);
      const broken = repositoryOf(fails, { maxSessionsPerUser: 5 });
      const fresh = broken.create() as AnySession;
      fresh.user = '42';
      await expect(fresh.save()).rejects.toBeInstanceOf(SessionStoreUnavailableError);
      expect(await sessions.find(fresh.id)).toBeUndefined();
      const { id } = await login(sessions, undefined, { cart: [] });
      const stored = await found(broken, id);
      stored.user = '43';
      await expect(stored.save()).rejects.toBeInstanceOf(SessionStoreUnavailableError);
      expect(await idsOf(sessions, '43')).toEqual([]);
      expect(await idsOf(sessions, '42')).toHaveLength(1);
    });
  });

  describe('a user of any name', () => {
    it.each(['a}b{c', 'line\nbreak', '__proto__', ' ', 'ü@例え.jp', '*?[x]'])(
      'is limited: %j',
      async (user) => {
        await logins(3, user);
        expect(await idsOf(sessions, user)).toHaveLength(2);
      },
    );

    it('is refused if it is longer than an index takes, and its text is in no message', async () => {
      const user = 'x'.repeat(10_240);
      const error = (await login(sessions, user).catch((reason: unknown) => reason)) as Error;
      expect(error).toBeInstanceOf(SessionDataError);
      expect(error.message).not.toContain('xxx');
    });
  });
});

/** A store of which one method of the index does not answer. */
function failing<T extends { index?: object }>(store: T, failed: string): T {
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'index') return bound(target, name);
      return new Proxy(target.index!, {
        get(index, method) {
          if (method !== failed) return bound(index, method);
          return failed === 'ids' ? failingIds : unavailable;
        },
      });
    },
  });
}

/** A store that stalls after it has read entries of the index, once. */
function stalling(store: SessionStore, stall: () => Promise<void>): SessionStore {
  let stalls = true;
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'index') return bound(target, name);
      return new Proxy(target.index!, {
        get(index, method) {
          if (method !== 'ids' || !stalls) return bound(index, method);
          stalls = false;
          return async function* (key: IndexKey) {
            for await (const ids of index.ids(key)) {
              await stall();
              yield ids;
            }
          };
        },
      });
    },
  });
}

async function unavailable(): Promise<never> {
  throw new SessionStoreUnavailableError('index', 1, new Error('no answer'));
}

// oxlint-disable-next-line require-yield -- it fails before its first batch
async function* failingIds(): AsyncGenerator<readonly string[]> {
  await unavailable();
}

function bound(target: object, name: string | symbol): unknown {
  const value = Reflect.get(target, name) as unknown;
  return typeof value === 'function' ? value.bind(target) : value;
}
