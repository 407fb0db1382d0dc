import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { InMemorySessionStore, SessionDataError, type SessionRepository } from 'nestjs-redis-session';
import { found, repositoryOf, stored, watch, type WatchedStore } from './session-fixture.js';

let now: number;
let watched: WatchedStore;
let sessions: SessionRepository;
beforeEach(() => {
  now = 1_700_000_000_000;
  watched = watch(new InMemorySessionStore({ now: () => now }));
  sessions = repositoryOf(watched.store, { idleTimeoutInSeconds: 60 });
});

describe('session.id', () => {
  it('is 128 random bits in base64url, the same before and after the session is stored', async () => {
    const session = sessions.create();
    const { id } = session;
    expect(id).toMatch(/^[\w-]{22}$/);
    await session.save();
    expect(session.id).toBe(id);
    expect((await found(sessions, id)).id).toBe(id);
  });

  it('is different for each session', () => {
    expect(new Set(Array.from({ length: 5000 }, () => sessions.create().id)).size).toBe(5000);
  });
});

describe('session.isNew', () => {
  it('is true until the session is stored for the first time', async () => {
    const session = sessions.create();
    expect(session.isNew).toBe(true);
    await session.save();
    expect(session.isNew).toBe(false);
    expect((await found(sessions, session.id)).isNew).toBe(false);
  });

  it('stays true if storing the session failed', async () => {
    const session = sessions.create();
    watched.before = () => {
      throw new Error('away');
    };
    await expect(session.save()).rejects.toThrow('away');
    expect(session.isNew).toBe(true);
  });
});

describe('session.createdAt', () => {
  it('is the current time until the session is stored, then the time of the store’s clock', async () => {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 5000);
    const session = sessions.create();
    expect(session.createdAt).toEqual(new Date(now + 5000));
    clock.mockRestore();
    await session.save();
    expect(session.createdAt).toEqual(new Date(now));
  });

  it('does not change when the session is saved, rotated and reloaded', async () => {
    const session = await found(sessions, await stored(sessions, {}));
    const createdAt = new Date(now);
    now += 5000;
    session.visits = 1;
    session.rotate();
    await session.save();
    await session.reload();
    expect(session.createdAt).toEqual(createdAt);
    expect((await found(sessions, session.id)).createdAt).toEqual(createdAt);
  });

  it('cannot be changed through the Date that it returns', async () => {
    const session = await found(sessions, await stored(sessions, {}));
    session.createdAt.setTime(0);
    expect(session.createdAt).toEqual(new Date(now));
  });
});

describe('session.idleTimeoutInSeconds', () => {
  it('is the default of the application until the session has its own', async () => {
    const session = await found(sessions, await stored(sessions, {}));
    expect(session.idleTimeoutInSeconds).toBe(60);
    session.idleTimeoutInSeconds = 3600;
    expect(session.idleTimeoutInSeconds).toBe(3600);
    await session.save();
    expect((await found(sessions, session.id)).idleTimeoutInSeconds).toBe(3600);
  });

  it('is stored with a new session and decides when it expires', async () => {
    const session = sessions.create();
    session.idleTimeoutInSeconds = 3600;
    await session.save();
    now += 3_599_000;
    expect((await found(sessions, session.id)).idleTimeoutInSeconds).toBe(3600);
    now += 1000;
    expect(await sessions.find(session.id)).toBeUndefined();
  });

  it('is written once, without attributes, and not again by later saves', async () => {
    const session = await found(sessions, await stored(sessions, { a: 1 }));
    watched.calls.length = 0;
    session.idleTimeoutInSeconds = 120;
    await session.save();
    await session.save();
    session.a = 2;
    await session.save();
    expect(watched.calls.map(({ args }) => args[1])).toMatchObject([
      { attributes: new Map(), idleTimeoutInMilliseconds: 120_000 },
      { attributes: new Map([['a', '2']]), idleTimeoutInMilliseconds: undefined },
    ]);
  });

  it('is not written if it is set to what it was', async () => {
    const session = await found(sessions, await stored(sessions, {}));
    session.idleTimeoutInSeconds = 120;
    await session.save();
    watched.calls.length = 0;
    session.idleTimeoutInSeconds = 120;
    await session.save();
    expect(watched.calls).toEqual([]);
  });

  it('does not cause a new session without attributes to be stored', async () => {
    const session = sessions.create();
    expect(session.isNew).toBe(true);
    expect(watched.calls).toEqual([]);
  });

  const bad = [
    0,
    -1,
    0.5,
    1.5,
    Number.NaN,
    Infinity,
    -Infinity,
    2_592_001,
    2_147_483_647,
    '60',
    60n,
    null,
    undefined,
    true,
  ];
  it.each(bad)('refuses %p, and keeps its value', async (value) => {
    const session = await found(sessions, await stored(sessions, {}));
    expect(() => {
      session.idleTimeoutInSeconds = value as number;
    }).toThrow(
      new RangeError(
        'session.idleTimeoutInSeconds takes whole seconds from 1 to 2592000 (the lower of the options maxIdleTimeoutInSeconds and absoluteTimeoutInSeconds). Call session.destroy() to end a session now.',
      ),
    );
    expect(session.idleTimeoutInSeconds).toBe(60);
    await session.save();
    expect(watched.methods().filter((method) => method === 'save')).toEqual([]);
  });

  it('accepts 1 second and 30 days', () => {
    const session = sessions.create();
    session.idleTimeoutInSeconds = 1;
    expect(session.idleTimeoutInSeconds).toBe(1);
    session.idleTimeoutInSeconds = 2_592_000;
    expect(session.idleTimeoutInSeconds).toBe(2_592_000);
  });

  it('cannot be deleted or defined', () => {
    const session = sessions.create() as { idleTimeoutInSeconds?: number };
    expect(() => delete session.idleTimeoutInSeconds).toThrow(SessionDataError);
    expect(() => Object.defineProperty(session, 'idleTimeoutInSeconds', { value: 1 })).toThrow(
      SessionDataError,
    );
  });
});
