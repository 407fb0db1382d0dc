import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SessionTooLargeError } from 'nestjs-redis-session';
import { found, repositoryOf, stores, stored, watch, type StoreUnderTest } from './session-fixture.js';

describe.each(stores)('with maxSessionBytes, in the %s store', (_, open) => {
  let opened: StoreUnderTest;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());

  /** The size of a session whose only attribute `a` is this text: one byte for the name, two for the quotes. */
  const limited = (maxSessionBytes: number) => {
    const watched = watch(opened.store);
    return { watched, sessions: repositoryOf(watched.store, { maxSessionBytes }) };
  };

  it('a session of exactly that size is stored, and one byte more is refused', async () => {
    const { sessions } = limited(10);
    const session = await found(sessions, await stored(sessions, { a: '1234567' }));
    session.a = '12345678';
    const error = new SessionTooLargeError(session.id, 11, 10);
    await expect(session.save()).rejects.toThrow(error);
    expect(error.message).toContain('would hold 11 bytes, more than maxSessionBytes (10)');
    expect(error.code).toBe('SESSION_TOO_LARGE');
    expect((await found(sessions, session.id)).a).toBe('1234567');
  });

  it('bytes are counted, not characters', async () => {
    const { sessions } = limited(10);
    expect(await stored(sessions, { a: 'üüü' })).toEqual(expect.any(String));
    await expect(stored(sessions, { a: 'üüüü' })).rejects.toThrow('would hold 11 bytes');
    await expect(stored(sessions, { a: '👩👩' })).rejects.toThrow('would hold 11 bytes');
    await expect(stored(sessions, { größe: 1234 })).rejects.toThrow('would hold 11 bytes');
  });

  it('all attributes count, including those that were not read', async () => {
    const { sessions } = limited(10);
    const session = await found(sessions, await stored(sessions, { a: 1234 }));
    session.b = 1234;
    await session.save();
    session.c = '';
    await expect(session.save()).rejects.toThrow('would hold 13 bytes');
    expect({ ...(await found(sessions, session.id)) }).toEqual({ a: 1234, b: 1234 });
  });

  it('nothing of a session that is too large is written', async () => {
    const { sessions, watched } = limited(10);
    const session = await found(sessions, await stored(sessions, { a: 1 }));
    watched.calls.length = 0;
    Object.assign(session, { a: 2, b: 'much too long' });
    await expect(session.save()).rejects.toBeInstanceOf(SessionTooLargeError);
    expect(watched.calls).toEqual([]);
    const fresh = sessions.create<{ text: string }>();
    fresh.text = 'much too long';
    await expect(fresh.save()).rejects.toBeInstanceOf(SessionTooLargeError);
    expect(watched.calls).toEqual([]);
    expect(await sessions.find(fresh.id)).toBeUndefined();
  });

  it('removed attributes make room', async () => {
    const { sessions } = limited(10);
    const session = await found(sessions, await stored(sessions, { a: '1234567' }));
    delete session.a;
    session.b = '7654321';
    await session.save();
    expect({ ...(await found(sessions, session.id)) }).toEqual({ b: '7654321' });
  });

  it('the session can be stored once it is small enough again', async () => {
    const { sessions } = limited(10);
    const session = await found(sessions, await stored(sessions, { a: 1 }));
    session.b = 'much too long';
    await expect(session.save()).rejects.toBeInstanceOf(SessionTooLargeError);
    session.b = 'short';
    session.a = undefined;
    await session.save();
    expect({ ...(await found(sessions, session.id)) }).toEqual({ b: 'short' });
  });
});
