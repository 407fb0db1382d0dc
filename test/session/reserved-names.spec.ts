import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionDataError } from 'nestjs-redis-session';
import { found, repositoryOf, stored, type AnySession } from './session-fixture.js';

const verbs = ['save', 'reload', 'touch', 'rotate', 'regenerate', 'destroy'];
const properties = ['id', 'isNew', 'createdAt', 'lastException'];
const inherited = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'prototype'];
const reserved = [...verbs, ...properties, ...inherited, '__proto__', 'cookie'];

const attempts: [string, (session: AnySession, name: string) => unknown][] = [
  ['assigning it', (session, name) => ((session as Record<string, unknown>)[name] = { polluted: 1 })],
  [
    'defining it',
    (session, name) =>
      Object.defineProperty(session, name, {
        value: 1,
        writable: true,
        enumerable: true,
        configurable: true,
      }),
  ],
];
const remove = (session: AnySession, name: string) => delete (session as Record<string, unknown>)[name];

describe.each(reserved)('an attribute named %s', (name) => {
  it.each(attempts)('is refused with an error that says so: %s', async (_, attempt) => {
    const session = repositoryOf(new InMemorySessionStore()).create() as AnySession;
    expect(() => attempt(session, name)).toThrow(
      new SessionDataError(
        `"${name}" cannot name a session attribute: it is a method or property of every session. Choose another name.`,
        name,
      ),
    );
    expect(Object.keys(session)).toEqual([]);
    expect(Object.prototype).not.toHaveProperty('polluted');
    expect(Object.keys(Object.getPrototypeOf(session) as object)).toEqual([]);
    await session.save();
    expect(session.isNew).toBe(false);
  });

  it('is refused from Object.assign of what a client has sent', () => {
    const session = repositoryOf(new InMemorySessionStore()).create() as AnySession;
    const sent = JSON.parse(`{"${name}":{"polluted":1}}`) as object;
    expect(() => Object.assign(session, sent)).toThrow(SessionDataError);
    expect(Object.prototype).not.toHaveProperty('polluted');
  });
});

describe('deleting a name that is no attribute', () => {
  it.each([...verbs, ...properties, 'cookie'])(
    'is refused for a verb or property of the session: %s',
    (name) => {
      const session = repositoryOf(new InMemorySessionStore()).create() as AnySession;
      expect(() => remove(session, name)).toThrow(SessionDataError);
    },
  );

  it.each([...inherited, '__proto__'])(
    'does nothing for what every object inherits, as sanitizers expect: %s',
    async (name) => {
      const sessions = repositoryOf(new InMemorySessionStore());
      const session = await found(sessions, await stored(sessions, { cart: ['tea'] }));
      const before = (session as Record<string, unknown>)[name];
      expect(remove(session, name)).toBe(true);
      expect((session as Record<string, unknown>)[name]).toBe(before);
      expect({ ...session }).toEqual({ cart: ['tea'] });
    },
  );
});

describe('a session in which other software has stored attributes of reserved names', () => {
  const text = '{"polluted":1}';
  async function withReserved() {
    const store = new InMemorySessionStore();
    const sessions = repositoryOf(store);
    const id = await stored(sessions, { cart: [1] });
    await store.save(id, {
      attributes: new Map([...reserved, 'idleTimeoutInSeconds'].map((name) => [name, text])),
      defaultIdleTimeoutInMilliseconds: 60_000,
    });
    return { store, sessions, id, session: await found(sessions, id) };
  }

  it('keeps its verbs and properties', async () => {
    const { session, id, sessions } = await withReserved();
    expect(session.id).toBe(id);
    expect(session.isNew).toBe(false);
    expect(session.createdAt).toBeInstanceOf(Date);
    expect(session.idleTimeoutInSeconds).toBe(1200);
    expect(session.lastException).toBeUndefined();
    session.cart.push(2);
    await session.save();
    await session.reload();
    await session.touch();
    session.rotate();
    expect(session.cart).toEqual([1, 2]);
    await session.destroy();
    expect(await sessions.find(id)).toBeUndefined();
  });

  it('shows its own attributes alone', async () => {
    const { session } = await withReserved();
    expect(Object.keys(session)).toEqual(['cart']);
    expect({ ...session }).toEqual({ cart: [1] });
    expect(JSON.stringify(session)).toBe('{"cart":[1]}');
    expect(inspect(session)).toBe('Session { cart: [ 1 ] }');
    expect(reserved.filter((name) => name in session)).toEqual([]);
  });

  it('pollutes no prototype', async () => {
    const { session } = await withReserved();
    expect(inspect(session)).not.toContain('polluted');
    expect((session as { polluted?: unknown }).polluted).toBeUndefined();
    expect({ ...session }).not.toHaveProperty('polluted');
    expect(Object.prototype).not.toHaveProperty('polluted');
  });
});

describe('names of attributes', () => {
  it.each([':secret', ':', ':mine', ':user'])(
    'that begin with a colon are the store’s own: %s',
    async (name) => {
      const sessions = repositoryOf(new InMemorySessionStore());
      const session = sessions.create() as AnySession;
      const says = `"${name}" cannot name a session attribute: names that begin with ":" hold the session's own metadata.`;
      expect(() => (session[name] = 1)).toThrow(new SessionDataError(says, name));
      expect(() => delete session[name]).toThrow(new SessionDataError(says, name));
      expect(session[name]).toBeUndefined();
      expect(name in session).toBe(false);
    },
  );

  it('that are no text of Unicode are refused: they would come back as others', () => {
    const session = repositoryOf(new InMemorySessionStore()).create() as AnySession;
    expect(() => (session['half \ud800'] = 1)).toThrow(
      'cannot name a session attribute: half of a character',
    );
    expect(() => (session['\udc00 half'] = 1)).toThrow(SessionDataError);
    session['whole 👩‍🚀'] = 1;
    expect(session['whole 👩‍🚀']).toBe(1);
  });

  it('may be anything else', async () => {
    const sessions = repositoryOf(new InMemorySessionStore());
    const given = {
      '': 1,
      ' ': 2,
      'a:b': 3,
      // oxlint-disable-next-line unicorn/no-thenable -- a name like any other to a session
      then: 4,
      toJSON: 5,
      length: 6,
      status: 7,
      attributes: 8,
      größe: 9,
      '0': 10,
    };
    const session = await found(sessions, await stored(sessions, given));
    expect({ ...session }).toEqual(given);
    expect(session.status).toBe(7);
    expect(JSON.parse(JSON.stringify(session))).toEqual(given);
  });
});
