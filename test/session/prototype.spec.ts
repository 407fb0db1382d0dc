import { describe, expect, it } from '@jest/globals';
import { InMemorySessionStore } from 'nestjs-redis-session';
import { found, repositoryOf, stored, type AnySession } from './session-fixture.js';

type Method = (callback?: (error?: unknown) => void) => Promise<unknown>;

const verbs = ['save', 'reload', 'touch', 'regenerate', 'destroy', 'rotate'];
const newSession = () => repositoryOf(new InMemorySessionStore()).create() as AnySession;
const prototypeOf = (session: object) => Object.getPrototypeOf(session) as Record<string, Method>;

describe('the prototype of a session', () => {
  it('has the verbs as non-enumerable methods', () => {
    const prototype = prototypeOf(newSession());
    expect(verbs.map((verb) => typeof prototype[verb])).toEqual(verbs.map(() => 'function'));
    const enumerated: string[] = [];
    // oxlint-disable-next-line guard-for-in -- what it enumerates is the question
    for (const name in prototype) enumerated.push(name);
    expect(enumerated).toEqual([]);
  });

  it.each(['save', 'reload', 'touch', 'regenerate', 'destroy'])(
    'declares a callback parameter for %s, by which grant recognizes express-session',
    (verb) => {
      const session = newSession();
      expect([prototypeOf(session)[verb]!.length, session[verb].length]).toEqual([1, 1]);
    },
  );

  it('applies the verbs to the session that they are called on', async () => {
    const sessions = repositoryOf(new InMemorySessionStore());
    const session = await found(sessions, await stored(sessions, { cart: ['tea'] }));
    session.cart.push('milk');
    await prototypeOf(session).save!.call(session);
    expect((await found(sessions, session.id)).cart).toEqual(['tea', 'milk']);
    await prototypeOf(session).destroy!.call(session);
    expect(await sessions.find(session.id)).toBeUndefined();
    expect(() => prototypeOf(session).save!.call({})).toThrow('This is not a session of this package.');
  });

  it('has what every object has', () => {
    expect(prototypeOf(newSession())).toBeInstanceOf(Object);
    expect(newSession()).toBeInstanceOf(Object);
  });
});

function withFlash() {
  const session = newSession();
  prototypeOf(session).flash = function (this: AnySession) {
    return Promise.resolve(this.cart);
  };
  return session;
}

describe('a method that an application adds to the prototype of a session', () => {
  it('works on this session, is no attribute and is not stored', async () => {
    const session = withFlash();
    session.cart = ['tea'];
    expect(await session.flash()).toEqual(['tea']);
    expect({ ...session }).toEqual({ cart: ['tea'] });
    expect('flash' in session).toBe(false);
    await session.save();
    expect(session.isNew).toBe(false);
  });

  it('is not visible on other sessions and objects', () => {
    withFlash();
    expect(newSession().flash).toBeUndefined();
    expect(prototypeOf(newSession()).flash).toBeUndefined();
    expect(Object.prototype).not.toHaveProperty('flash');
  });

  it('is hidden by an attribute of the same name, null included', () => {
    const session = withFlash();
    session.flash = null;
    expect(session.flash).toBeNull();
    delete session.flash;
    expect(typeof session.flash).toBe('function');
  });

  it.each(verbs)('cannot replace %s', (verb) => {
    const session = newSession();
    const original = prototypeOf(session)[verb];
    expect(() => (prototypeOf(session)[verb] = () => Promise.resolve())).toThrow(TypeError);
    expect(prototypeOf(session)[verb]).toBe(original);
  });

  it('is not visible on other sessions through the prototype of the prototype', () => {
    const shared = prototypeOf(prototypeOf(newSession()));
    expect(() => (shared.flash = () => Promise.resolve())).toThrow(TypeError);
    expect(prototypeOf(prototypeOf(newSession()))).toBe(shared);
  });
});

describe('session.regenerate() called as in @fastify/session', () => {
  it.each([[['cart']], ['cart'], [{ keep: 'cart' }]])(
    'throws, since there is no list of attributes to keep: %j',
    async (keep) => {
      const sessions = repositoryOf(new InMemorySessionStore());
      const session = await found(sessions, await stored(sessions, { cart: ['tea'] }));
      let error: unknown;
      try {
        await (session.regenerate as (...args: unknown[]) => Promise<unknown>)(keep, () => undefined);
      } catch (caught) {
        error = caught;
      }
      expect(error).toMatchObject({ name: 'SessionUsageError', code: 'SESSION_USAGE', statusCode: 500 });
      expect((error as Error).message).toMatch(
        /^session\.regenerate\(\) takes a callback or nothing, not a .*; nothing was changed\. Use session\.rotate\(\) to keep all/,
      );
      expect((await found(sessions, session.id)).cart).toEqual(['tea']);
    },
  );
});

describe('a store that already holds a session with the id of a new one', () => {
  it('causes its own error, which does not mention a rotation', async () => {
    const store = new InMemorySessionStore();
    store.create = () => Promise.resolve(undefined);
    const session = repositoryOf(store).create<{ cart: string[] }>();
    session.cart = ['tea'];
    await expect(session.save()).rejects.toMatchObject({
      code: 'SESSION_CONFLICT',
      message: `The store already holds another session with the id ${session.id}; nothing was written. Ids are random and do not repeat: check what else writes to this store.`,
    });
  });
});
