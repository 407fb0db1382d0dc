import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionDataError } from 'nestjs-redis-session';
import { found, repositoryOf, stored, type AnySession } from './session-fixture.js';

const verbs = ['save', 'reload', 'touch', 'rotate', 'regenerate', 'destroy'];
const properties = ['id', 'isNew', 'createdAt', 'authenticatedAt', 'expiresAt', 'lastException'];
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

const newSession = () => repositoryOf(new InMemorySessionStore()).create() as AnySession;
const refused = (name: string) =>
  new SessionDataError(
    `"${name}" cannot name a session attribute: it is a method or property of every session. Choose another name.`,
    name,
  );

describe('an attribute with the name of a verb, a property or an inherited member', () => {
  it.each(attempts)('is refused with an error that names it: %s', async (_, attempt) => {
    for (const name of reserved) {
      const session = newSession();
      expect(() => attempt(session, name)).toThrow(refused(name));
      expect(Object.keys(session)).toEqual([]);
      expect(Object.keys(Object.getPrototypeOf(session) as object)).toEqual([]);
      // oxlint-disable-next-line no-await-in-loop -- each session in turn
      await session.save();
      expect(session.isNew).toBe(false);
    }
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  it('is refused if Object.assign copies it from a request body', () => {
    for (const name of reserved) {
      const sent = JSON.parse(`{"${name}":{"polluted":1}}`) as object;
      expect(() => Object.assign(newSession(), sent)).toThrow(refused(name));
    }
    expect(Object.prototype).not.toHaveProperty('polluted');
  });
});

describe('deleting such a name', () => {
  it('is refused for a verb or a property of the session', () => {
    for (const name of [...verbs, ...properties, 'cookie']) {
      expect(() => remove(newSession(), name)).toThrow(refused(name));
    }
  });

  it('does nothing to an inherited member, as sanitizers expect', async () => {
    const sessions = repositoryOf(new InMemorySessionStore());
    const session = await found(sessions, await stored(sessions, { cart: ['tea'] }));
    for (const name of [...inherited, '__proto__']) {
      const before = (session as Record<string, unknown>)[name];
      expect(remove(session, name)).toBe(true);
      expect((session as Record<string, unknown>)[name]).toBe(before);
    }
    expect({ ...session }).toEqual({ cart: ['tea'] });
  });
});

describe('a session in which other software has stored attributes with reserved names', () => {
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
    expect(session.authenticatedAt).toBeUndefined();
    session.cart.push(2);
    await session.save();
    await session.reload();
    await session.touch();
    session.rotate();
    expect(session.cart).toEqual([1, 2]);
    await session.destroy();
    expect(await sessions.find(id)).toBeUndefined();
  });

  it('shows only the other attributes', async () => {
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
  it.each([':', ':secret', ':mine'])('must not begin with a colon: %s', (name) => {
    const session = newSession();
    const says = `"${name}" cannot name a session attribute: names that begin with ":" hold the session's own metadata.`;
    expect(() => (session[name] = 1)).toThrow(new SessionDataError(says, name));
    expect(() => delete session[name]).toThrow(new SessionDataError(says, name));
    expect(session[name]).toBeUndefined();
    expect(name in session).toBe(false);
  });

  it('must be well-formed Unicode, because others would be stored as different names', () => {
    const session = newSession();
    expect(() => (session['half \ud800'] = 1)).toThrow(
      'cannot name a session attribute: it contains half a character',
    );
    expect(() => (session['\udc00 half'] = 1)).toThrow(SessionDataError);
    session['whole 👩‍🚀'] = 1;
    expect(session['whole 👩‍🚀']).toBe(1);
  });

  it('can be any other text', async () => {
    const sessions = repositoryOf(new InMemorySessionStore());
    const given = {
      '': 1,
      ' ': 2,
      'a:b': 3,
      // oxlint-disable-next-line unicorn/no-thenable -- an ordinary name for an attribute
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
