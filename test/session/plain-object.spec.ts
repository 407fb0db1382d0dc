import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, type SessionRepository } from 'nestjs-redis-session';
import { found, repositoryOf, stored, type AnySession } from './session-fixture.js';

const attributes = { user: 'ada', cart: [{ sku: 'tea' }], visits: 0, empty: null };
const names = ['user', 'cart', 'visits', 'empty'];

describe.each(['found', 'new'])(
  'a session that is %s looks like a plain object of its attributes',
  (kind) => {
    let sessions: SessionRepository;
    let session: AnySession;

    beforeEach(async () => {
      sessions = repositoryOf(new InMemorySessionStore());
      if (kind === 'found') session = await found(sessions, await stored(sessions, attributes));
      else session = Object.assign(sessions.create() as AnySession, structuredClone(attributes));
    });

    it('to Object.keys, values and entries', () => {
      expect(Object.keys(session)).toEqual(names);
      expect(Object.values(session)).toEqual(Object.values(attributes));
      expect(Object.entries(session)).toEqual(Object.entries(attributes));
      expect(Reflect.ownKeys(session)).toEqual(names);
      expect(Object.getOwnPropertySymbols(session)).toEqual([]);
    });

    it('to for-in', () => {
      const seen: string[] = [];
      // oxlint-disable-next-line guard-for-in -- what it enumerates is the question
      for (const name in session) seen.push(name);
      expect(seen).toEqual(names);
    });

    it('to spread, rest, Object.assign and structuredClone of a copy', () => {
      expect({ ...session }).toEqual(attributes);
      const { user, ...rest } = session;
      expect(user).toBe('ada');
      expect(rest).toEqual({ cart: [{ sku: 'tea' }], visits: 0, empty: null });
      expect(Object.assign({}, session)).toEqual(attributes);
      expect(structuredClone({ ...session })).toEqual(attributes);
    });

    it('to JSON.stringify', () => {
      expect(JSON.stringify(session)).toBe(JSON.stringify(attributes));
      expect(JSON.stringify({ session })).toBe(JSON.stringify({ session: attributes }));
    });

    it('to console.log', () => {
      expect(inspect(session)).toBe(
        "Session { user: 'ada', cart: [ { sku: 'tea' } ], visits: 0, empty: null }",
      );
      expect(inspect({ request: { session } }, { depth: 0 })).toBe('{ request: [Object] }');
    });

    it('to toEqual', () => {
      expect(session).toEqual(attributes);
      expect(session).not.toEqual({ ...attributes, visits: 1 });
      expect(session).toMatchObject({ cart: [{ sku: 'tea' }] });
    });

    it('to in, hasOwnProperty and Object.hasOwn, which see no verb', () => {
      expect(['user', 'empty', 'missing', 'save', 'id', 'toString'].map((name) => name in session)).toEqual([
        true,
        true,
        false,
        false,
        false,
        false,
      ]);
      // oxlint-disable-next-line no-prototype-builtins -- code of others calls it
      expect([session.hasOwnProperty('user'), session.hasOwnProperty('save')]).toEqual([true, false]);
      expect([Object.hasOwn(session, 'empty'), Object.hasOwn(session, 'missing')]).toEqual([true, false]);
      expect(Object.prototype.propertyIsEnumerable.call(session, 'visits')).toBe(true);
    });

    it('to delete', () => {
      expect(delete session.user).toBe(true);
      expect(delete session.missing).toBe(true);
      expect(Object.keys(session)).toEqual(['cart', 'visits', 'empty']);
      expect(session.user).toBeUndefined();
    });

    it('to Object.defineProperty of a value, and refuses an accessor', () => {
      Object.defineProperty(session, 'visits', {
        value: 7,
        writable: true,
        enumerable: true,
        configurable: true,
      });
      expect(session.visits).toBe(7);
      expect(() => Object.defineProperty(session, 'visits', { get: () => 8 })).toThrow(
        'cannot be an accessor',
      );
      expect(session.visits).toBe(7);
    });

    it('to typeof, String(), await and checks of its prototype', async () => {
      expect(Object.getPrototypeOf(session)).toBe((session as { __proto__?: unknown }).__proto__);
      expect(typeof session).toBe('object');
      // oxlint-disable-next-line typescript/no-base-to-string -- that it has a text at all is the question
      expect(String(session)).toBe('[object Object]');
      expect(await Promise.resolve(session)).toBe(session);
      expect(Object.isExtensible(session)).toBe(true);
    });

    it('and cannot be frozen: its verbs could not do their work', () => {
      expect(() => Object.freeze(session)).toThrow(TypeError);
      session.visits = 1;
      expect(session.visits).toBe(1);
    });

    it('keeps symbols out', () => {
      const key = Symbol('key');
      expect(() => Reflect.set(session, key, 1)).toThrow('Symbol(key) cannot name a session attribute');
      expect(Reflect.get(session, key)).toBeUndefined();
      expect(key in session).toBe(false);
    });
  },
);
