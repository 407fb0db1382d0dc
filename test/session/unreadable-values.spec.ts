import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionDataError } from 'nestjs-redis-session';
import {
  found,
  repositoryOf,
  stored,
  watch,
  type AnySession,
  type RepositoryOptions,
} from './session-fixture.js';

/** A session with an attribute `kept`, and one `broken` that other software wrote. */
async function withBroken(options: RepositoryOptions = {}) {
  const watched = watch(new InMemorySessionStore());
  const sessions = repositoryOf(watched.store, options);
  const id = await stored(sessions, { kept: { n: 1 }, other: 2 });
  await watched.store.save(id, {
    attributes: new Map([['broken', 'SECRET{']]),
    defaultIdleTimeoutInMilliseconds: 60_000,
  });
  watched.calls.length = 0;
  return { watched, sessions, id, session: await found(sessions, id) };
}

function failureOf(action: () => unknown): SessionDataError {
  try {
    action();
  } catch (error) {
    return error as SessionDataError;
  }
  throw new Error('It did not fail.');
}

describe('a stored value that cannot be read', () => {
  const reads: [string, (session: AnySession) => unknown][] = [
    ['its attribute', (session) => session.broken],
    ['all attributes', (session) => ({ ...session })],
    ['the session as JSON', (session) => JSON.stringify(session)],
    ['the entries', (session) => Object.entries(session)],
  ];

  it.each(reads)(
    'causes an error that names the attribute but shows nothing of its text, on reading %s',
    async (_, read) => {
      const { session } = await withBroken();
      const error = failureOf(() => read(session));
      expect(error).toBeInstanceOf(SessionDataError);
      expect(error).toMatchObject({ code: 'SESSION_DATA', attribute: 'broken' });
      expect(error.message).toContain('attribute "broken" cannot be read (SyntaxError in the serializer)');
      expect(error.message).toContain('unreadableAttribute');
      expect(inspect(error, { depth: 9 })).not.toContain('SECRET');
    },
  );

  it('does not hide the other attributes or prevent saving them', async () => {
    const { session, watched } = await withBroken();
    expect(() => session.broken).toThrow(SessionDataError);
    expect(session.kept).toEqual({ n: 1 });
    session.other = 3;
    await session.save();
    expect(watched.written()).toEqual([{ other: '3' }]);
  });

  it('can be overwritten and removed', async () => {
    const { session, sessions, id } = await withBroken();
    session.broken = 'mended';
    await session.save();
    expect((await found(sessions, id)).broken).toBe('mended');
    const second = await withBroken();
    delete second.session.broken;
    await second.session.save();
    expect(Object.keys(await found(second.sessions, second.id))).toEqual(['kept', 'other']);
  });

  it('does not break console.log, which shows where it is', async () => {
    const { session } = await withBroken();
    expect(inspect(session)).toBe('Session { kept: { n: 1 }, other: 2, broken: [unreadable] }');
  });

  it('does not look like an empty session', async () => {
    const { session } = await withBroken();
    expect('broken' in session).toBe(true);
    expect(session.isNew).toBe(false);
  });
});

describe('a stored value that cannot be read, with unreadableAttribute: drop', () => {
  const drop = { unreadableAttribute: 'drop' } as const;
  const looks: [string, (session: AnySession) => unknown, unknown][] = [
    ['its value', (session) => session.broken, undefined],
    ['in', (session) => 'broken' in session, false],
    ['Object.keys', (session) => Object.keys(session), ['kept', 'other']],
    ['hasOwnProperty', (session) => Object.hasOwn(session, 'broken'), false],
    ['spread', (session) => ({ ...session }), { kept: { n: 1 }, other: 2 }],
    ['JSON.stringify', (session) => JSON.stringify(session), '{"kept":{"n":1},"other":2}'],
    ['console.log', (session) => inspect(session), 'Session { kept: { n: 1 }, other: 2 }'],
  ];

  it.each(looks)('looks as if it had never been set, for %s', async (_, look, expected) => {
    const { session } = await withBroken(drop);
    expect(look(session)).toEqual(expected);
    expect(look(session)).toEqual(expected);
  });

  it('is removed by the next save of a request that read it', async () => {
    const { session, watched } = await withBroken(drop);
    expect(session.broken).toBeUndefined();
    await session.save();
    expect(watched.written()).toEqual([{ broken: undefined }]);
  });

  it('is kept by a request that did not read it', async () => {
    const { session, watched } = await withBroken(drop);
    session.other = 3;
    await session.save();
    expect(watched.written()).toEqual([{ other: '3' }]);
  });
});
