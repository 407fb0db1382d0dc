import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  InMemorySessionStore,
  SessionConflictError,
  SessionReadOnlyError,
  SessionStoreUnavailableError,
  SessionUsageError,
  type SessionRepository,
} from 'nestjs-redis-session';
import { coreOf } from '../../lib/session/session-proxy.js';
import { AttributeCipher, keysInMemory } from '../../lib/session/attribute-cipher.js';
import { found, repositoryOf, watch, type AnySession, type WatchedStore } from './session-fixture.js';

const START = 1_700_000_000_000;
const HOUR = 3_600_000;

let now: number;
let watched: WatchedStore;
let sessions: SessionRepository;
beforeEach(() => {
  now = START;
  watched = watch(new InMemorySessionStore({ now: () => now }));
  sessions = repositoryOf(watched.store, { idleTimeoutInSeconds: 7200 });
});

async function newSession(attributes: object = {}): Promise<AnySession> {
  const session = sessions.create() as AnySession;
  Object.assign(session, { cart: ['tea'], ...attributes });
  await session.save();
  return session;
}

/** When the store says that the user of a session authenticated, in hours since the start. */
async function storedHour(session: { id: string }, repository = sessions): Promise<number | undefined> {
  const at = (await found(repository, session.id)).authenticatedAt;
  return at && (at.getTime() - START) / HOUR;
}

/** The session as a request finds it whose credential is this one's, hours after the start. */
async function opened(session: AnySession, hours: number): Promise<AnySession> {
  now = START + hours * HOUR;
  return (await sessions.findByCredential(sessions.credentialOf(session)!)) as AnySession;
}

describe('session.authenticatedAt', () => {
  it('is undefined for a session that is new, or whose user never authenticated', async () => {
    expect(sessions.create().authenticatedAt).toBeUndefined();
    const session = await newSession();
    session.rotate();
    await session.save();
    expect(session.authenticatedAt).toBeUndefined();
    expect(await storedHour(session)).toBeUndefined();
  });

  it('is the time of the store when the session is created with a user', async () => {
    const session = await newSession({ user: 'ada' });
    expect(session.authenticatedAt).toEqual(new Date(START));
    expect(await storedHour(session)).toBe(0);
  });

  it('is the time of the write that binds a user, not of the assignment', async () => {
    const session = await opened(await newSession(), 1);
    session.user = 'ada';
    expect(session.authenticatedAt).toBeUndefined();
    await session.save();
    expect(session.authenticatedAt).toBeInstanceOf(Date);
    expect(await storedHour(session)).toBe(1);
  });

  it('is the time of a rotation that says that the user authenticated', async () => {
    const session = await opened(await newSession({ user: 'ada' }), 1);
    session.rotate({ authenticated: true });
    await session.save();
    expect(await storedHour(session)).toBe(1);
    expect(watched.calls.at(-2)!.args[1]).toMatchObject({
      authentication: 'renewed',
      newSecretHash: expect.any(String),
    });
  });

  it('stays over a plain rotation, a save and a reload', async () => {
    const session = await opened(await newSession({ user: 'ada' }), 1);
    session.rotate();
    session.cart.push('milk');
    await session.save();
    await session.reload();
    expect(session.authenticatedAt).toEqual(new Date(START));
  });

  it('changes when the session is bound to another user', async () => {
    const session = await opened(await newSession({ user: 'ada' }), 1);
    session.user = 'grace';
    await session.save();
    expect(await storedHour(session)).toBe(1);
  });

  it.each([
    ['is assigned again', (session: AnySession) => (session.user = 'ada')],
    [
      'is assigned again between others',
      (session: AnySession) => ['grace', 'ada'].map((user) => (session.user = user)),
    ],
    ['is removed and assigned again', (session: AnySession) => (delete session.user, (session.user = 'ada'))],
  ])('does not change if the same user %s', async (_, assign) => {
    const session = await opened(await newSession({ user: 'ada' }), 1);
    assign(session);
    session.cart.push('milk');
    await session.save();
    expect(await storedHour(session)).toBe(0);
  });

  it('does not change if the number of the user becomes a text', async () => {
    const session = await opened(await newSession({ user: 42 }), 1);
    session.user = '42';
    await session.save();
    expect(await storedHour(session)).toBe(0);
  });

  it('changes once if the user is changed twice before the save', async () => {
    const session = await opened(await newSession({ user: 'ada' }), 1);
    session.user = 'grace';
    session.user = 'edsger';
    await session.save();
    expect(await storedHour(session)).toBe(1);
  });

  it.each([
    ['removed', undefined],
    ['replaced by an object, which binds nobody', { name: 'ada' }],
  ])('is forgotten when the user is %s', async (_, user) => {
    const session = await newSession({ user: 'ada' });
    session.user = user;
    await session.save();
    expect(session.authenticatedAt).toBeUndefined();
    expect(await storedHour(session)).toBeUndefined();
  });

  it('is gone with the session', async () => {
    const destroyed = await newSession({ user: 'ada' });
    await destroyed.destroy();
    expect(destroyed.authenticatedAt).toBeUndefined();
    const session = await newSession({ user: 'ada' });
    const next = await session.regenerate();
    expect([session.authenticatedAt, next.authenticatedAt]).toEqual([undefined, undefined]);
  });

  it('is undefined once a logout was attempted, even if the store failed', async () => {
    const session = await newSession({ user: 'ada' });
    watched.before = () => {
      throw new Error('away');
    };
    await expect(session.destroy()).rejects.toThrow('away');
    expect(session.authenticatedAt).toBeUndefined();
  });

  it('cannot be changed through the Date that it returns', async () => {
    const session = await newSession({ user: 'ada' });
    session.authenticatedAt!.setTime(0);
    expect(session.authenticatedAt).toEqual(new Date(START));
  });
});

describe('session.authenticatedAt with an index of the application’s for users', () => {
  const indexes = { user: ({ passport }: AnySession) => passport?.user };
  beforeEach(() => {
    sessions = repositoryOf(watched.store, { indexes, idleTimeoutInSeconds: 7200 });
  });

  it('is set when the index yields a user, and kept while it yields the same', async () => {
    const session = await newSession({ passport: { user: 'ada' } });
    expect(await storedHour(session)).toBe(0);
    const later = await opened(session, 1);
    later.passport = { user: 'ada', since: 'today' };
    await later.save();
    expect(await storedHour(session)).toBe(0);
    later.passport.user = 'grace';
    await later.save();
    expect(await storedHour(session)).toBe(1);
  });

  it('is not set for the attribute user then', async () => {
    const session = await newSession({ user: 'ada' });
    expect(session.authenticatedAt).toBeUndefined();
  });

  it('is not set when the index is added to an application whose users have logged in before', async () => {
    sessions = repositoryOf(watched.store, { idleTimeoutInSeconds: 7200 });
    const session = await newSession({ passport: { user: 'ada' } });
    sessions = repositoryOf(watched.store, { indexes, idleTimeoutInSeconds: 7200 });
    const later = await opened(await rotated(session), 1);
    later.cart.push('milk');
    await later.save();
    expect(await sessions.findByUser('ada')).toHaveLength(1);
    expect(await storedHour(session)).toBeUndefined();
  });

  it('does not change when encryption is turned on', async () => {
    const session = await rotated(await newSession({ passport: { user: 'ada' } }));
    const cipher = new AttributeCipher(keysInMemory([Buffer.alloc(32, 1)]), 'test', true);
    const encrypted = repositoryOf(watched.store, { indexes, cipher, idleTimeoutInSeconds: 7200 } as object);
    now += HOUR;
    const later = await found(encrypted, session.id);
    later.cart.push('milk');
    await later.save();
    expect(await storedHour(session, encrypted)).toBe(0);
  });
});

/** The session after a rotation, so that it has a credential of this repository. */
async function rotated(session: AnySession): Promise<AnySession> {
  const other = await found(sessions, session.id);
  await sessions.rotate(other);
  return other;
}

describe('rotate({ authenticated: true })', () => {
  it('starts both timeouts again', async () => {
    sessions = repositoryOf(watched.store, { idleTimeoutInSeconds: 7200, absoluteTimeoutInSeconds: 7200 });
    const session = await opened(await newSession({ user: 'ada' }), 1.5);
    await sessions.rotate(session, { authenticated: true });
    const { id } = session;
    now = START + 3 * HOUR;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now);
    expect((await sessions.findByUser('ada')).map((listed) => listed.id)).toEqual([id]);
    clock.mockRestore();
    expect(await storedHour(session)).toBe(1.5);
    now = START + 3.5 * HOUR;
    expect(await sessions.find(id)).toBeUndefined();
  });

  it('says so in session.expiresAt of the same request', async () => {
    now = Date.now() - 90 * 60_000;
    sessions = repositoryOf(watched.store, { idleTimeoutInSeconds: 7200, absoluteTimeoutInSeconds: 7200 });
    const session = await newSession();
    const before = session.expiresAt.getTime();
    now = Date.now();
    session.rotate({ authenticated: true });
    await session.save();
    expect(session.expiresAt.getTime()).toBeGreaterThanOrEqual(before + 80 * 60_000);
  });

  it('stores a session that has no attributes yet', async () => {
    const session = sessions.create();
    session.rotate({ authenticated: true });
    await session.save();
    expect(session.isNew).toBe(false);
    expect(await storedHour(session)).toBe(0);
  });

  it('is not withdrawn by a plain rotation of the same request', async () => {
    const session = await newSession();
    session.rotate({ authenticated: true });
    session.rotate();
    await session.save();
    expect(await storedHour(session)).toBe(0);
  });

  it('is withdrawn by a reload', async () => {
    const session = await newSession();
    session.rotate({ authenticated: true });
    await session.reload();
    session.cart.push('milk');
    await session.save();
    expect(await storedHour(session)).toBeUndefined();
  });

  it('is stored once', async () => {
    const session = await newSession();
    session.rotate({ authenticated: true });
    await session.save();
    now += HOUR;
    session.cart.push('milk');
    await session.save();
    expect(await storedHour(session)).toBe(0);
  });

  it('is refused on a read-only route, and for what is no options object', async () => {
    const session = await newSession();
    const rotate = (options: unknown) => session.rotate(options as object);
    for (const options of [
      true,
      null,
      'authenticated',
      () => undefined,
      { authenticated: 1 },
      { authentic: true },
    ])
      expect(() => rotate(options)).toThrow(SessionUsageError);
    coreOf(session).setReadOnly(true);
    expect(() => session.rotate({ authenticated: true })).toThrow(SessionReadOnlyError);
    coreOf(session).setReadOnly(false);
    session.cart.push('milk');
    await session.save();
    expect(await storedHour(session)).toBeUndefined();
    expect(() => session.rotate({})).not.toThrow();
  });

  it('succeeds in only one of two requests at once', async () => {
    const session = await newSession({ user: 'ada' });
    const [one, other] = [await opened(session, 1), await opened(session, 1)];
    one.rotate({ authenticated: true });
    other.rotate({ authenticated: true });
    await one.save();
    now += HOUR;
    await expect(other.save()).rejects.toThrow(SessionConflictError);
    expect(await storedHour(session)).toBe(1);
  });
});

const lost = () => new SessionStoreUnavailableError('save', 1, new Error('the answer was lost'));

/** Carries out the next save and loses its answer, or loses the save itself. */
function loseNext(what: 'answer' | 'save'): void {
  const { store } = watched;
  const save = store.save.bind(store);
  store.save = async (...args) => {
    store.save = save;
    if (what === 'answer') await save(...args);
    throw lost();
  };
}

describe('a write with an authentication whose answer is lost', () => {
  it('is not noted later than it was carried out', async () => {
    const session = await newSession({ user: 'ada' });
    now += HOUR;
    loseNext('answer');
    session.rotate({ authenticated: true });
    await expect(session.save()).rejects.toThrow(lost());
    const credential = sessions.credentialOf(session)!;
    now += HOUR / 2;
    expect((await sessions.findByCredential(credential))!.authenticatedAt).toEqual(new Date(START + HOUR));
    expect(await storedHour(session)).toBe(1);
  });

  it('is not made up for after the request, only the rotation is', async () => {
    const session = await newSession({ user: 'ada' });
    now += HOUR;
    loseNext('save');
    session.rotate({ authenticated: true });
    await expect(session.save()).rejects.toThrow(lost());
    now += HOUR / 2;
    const next = await sessions.findByCredential(sessions.credentialOf(session)!);
    expect(next!.authenticatedAt).toEqual(new Date(START));
  });

  it('is noted if the request saves again', async () => {
    const session = await newSession({ user: 'ada' });
    now += HOUR;
    loseNext('save');
    session.rotate({ authenticated: true });
    await expect(session.save()).rejects.toThrow(lost());
    await session.save();
    expect(await storedHour(session)).toBe(1);
  });
});
