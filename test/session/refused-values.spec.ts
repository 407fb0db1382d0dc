import { beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionDataError, type SessionRepository } from 'nestjs-redis-session';
import { found, repositoryOf, stored, watch } from './session-fixture.js';

class Money {
  constructor(readonly cents: number) {}
}
class Stack extends Array<number> {}

const circle: Record<string, unknown> = { name: 'ring' };
circle.next = { back: circle };
const loop: unknown[] = [];
loop.push([loop]);

// The value assigned to session.cart, the path in the message, and what the message says about it.
const refused: [what: string, value: unknown, path: string, says: string][] = [
  ['a function', () => 'SECRET', 'cart', 'is of type function'],
  ['a method', { total: () => 'SECRET' }, 'cart.total', 'is of type function'],
  ['a class', Money, 'cart', 'is of type function'],
  ['a symbol', Symbol('SECRET'), 'cart', 'is of type symbol'],
  ['a symbol as a key', { [Symbol('key')]: 'SECRET' }, 'cart', 'has a symbol as a key'],
  ['a BigInt', 12n, 'cart', 'is a BigInt'],
  ['a Map', new Map([['a', 'SECRET']]), 'cart', 'is an instance of Map'],
  ['a Set', new Set(['SECRET']), 'cart', 'is an instance of Set'],
  ['a Date', new Date(0), 'cart', 'is an instance of Date'],
  ['a regular expression', /SECRET/, 'cart', 'is an instance of RegExp'],
  ['an Error', new TypeError('SECRET'), 'cart', 'is an instance of TypeError'],
  ['a Buffer', Buffer.from('SECRET'), 'cart', 'is an instance of Buffer'],
  ['a typed array', new Uint8Array(2), 'cart', 'is an instance of Uint8Array'],
  ['a promise', Promise.resolve('SECRET'), 'cart', 'is an instance of Promise'],
  ['a boxed string', new String('SECRET'), 'cart', 'is an instance of String'], // oxlint-disable-line no-new-wrappers
  ['NaN', Number.NaN, 'cart', 'is NaN'],
  ['Infinity', Infinity, 'cart', 'is Infinity'],
  ['-Infinity', -Infinity, 'cart', 'is -Infinity'],
  ['an invalid Date', new Date('SECRET'), 'cart', 'is an instance of Date'],
  ['a class instance', new Money(100), 'cart', 'is an instance of Money'],
  ['an object with a toJSON', { toJSON: () => 'SECRET' }, 'cart.toJSON', 'is of type function'],
  [
    'an object with a prototype of its own',
    Object.create({ inherited: 1 }),
    'cart',
    'is an instance of Object',
  ],
  ['a subclass of Array', Stack.of(1), 'cart', 'is an instance of Stack'],
  ['an array with properties', Object.assign([1], { note: 'SECRET' }), 'cart', 'has the property note'],
  ['the result of a match', 'SECRET'.match(/S/), 'cart', 'has the property index'],
  ['undefined in an array', [1, undefined], 'cart[1]', 'is of type undefined'],
  ['a hole in an array', [1, , 3], 'cart[1]', 'is of type undefined'], // oxlint-disable-line no-sparse-arrays
  ['an array of holes only', Array(3), 'cart[0]', 'is of type undefined'],
  ['a cycle of objects', circle, 'cart.next.back', 'refers back'],
  ['a cycle of arrays', loop, 'cart[0][0]', 'refers back'],
  ['a Date deep inside', { items: [{ at: new Date(0) }] }, 'cart.items[0].at', 'is an instance of Date'],
  ['NaN deep inside', { a: [{ b: [0, Number.NaN] }] }, 'cart.a[0].b[1]', 'is NaN'],
  ['a Map in an array', [[new Map()]], 'cart[0][0]', 'is an instance of Map'],
  [
    'undefined in an array deep inside',
    { a: { b: [[undefined]] } },
    'cart.a.b[0][0]',
    'is of type undefined',
  ],
];

describe('a value that would not be read as it was written', () => {
  let watched: ReturnType<typeof watch>;
  let sessions: SessionRepository;
  let id: string;

  beforeEach(async () => {
    watched = watch(new InMemorySessionStore());
    sessions = repositoryOf(watched.store);
    id = await stored(sessions, { cart: 'kept', visits: 1 });
    watched.calls.length = 0;
  });

  it.each(refused)('is refused with its path, and nothing is written: %s', async (_, value, path, says) => {
    const session = await found(sessions, id);
    session.visits = 2;
    session.cart = value;
    const error = await session.save().then(
      () => undefined,
      (reason: unknown) => reason as SessionDataError,
    );
    expect(error).toBeInstanceOf(SessionDataError);
    expect(error).toMatchObject({ code: 'SESSION_DATA', attribute: 'cart' });
    expect(error?.message).toContain(`session.${path} ${says}`);
    expect(error?.message).not.toContain('SECRET');
    expect(watched.methods()).toEqual(['load']);
    expect({ ...(await found(sessions, id)) }).toEqual({ cart: 'kept', visits: 1 });
  });

  it('is refused in a new session, which is then not created', async () => {
    const session = sessions.create<{ at: Date }>();
    session.at = new Date();
    await expect(session.save()).rejects.toThrow('session.at is an instance of Date');
    expect(watched.calls).toEqual([]);
    expect(session.isNew).toBe(true);
  });

  it('is refused inside an object that the request only read', async () => {
    const session = await found(sessions, await stored(sessions, { list: [{ n: 1 }] }));
    session.list[0].n = Number.NaN;
    await expect(session.save()).rejects.toThrow('session.list[0].n is NaN');
  });

  it('can be removed, and then the session is stored', async () => {
    const session = await found(sessions, id);
    session.cart = new Map();
    await expect(session.save()).rejects.toBeInstanceOf(SessionDataError);
    session.cart = [];
    session.visits = 2;
    await session.save();
    expect({ ...(await found(sessions, id)) }).toEqual({ cart: [], visits: 2 });
  });
});

const shared = { n: 1 };
const accepted: [what: string, value: unknown, comesBack?: unknown][] = [
  ['strings with all kinds of characters', 'größe 尺寸 👩‍🚀 \u0000 \u2028 "\\ \ud800'],
  ['numbers', [0, -1, 0.1 + 0.2, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53]],
  ['null, true and false', [null, true, false]],
  ['empty objects and arrays', { a: {}, b: [], c: '' }],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ['one object in two places', { a: shared, b: [shared, shared] }],
  ['an undefined property, which is left out', { a: 1, b: undefined }, { a: 1 }],
  [
    'names of inherited properties as keys',
    JSON.parse('{"__proto__":{"polluted":1},"constructor":1,"toString":null}'),
  ],
];

describe('a value that JSON can represent', () => {
  it.each(accepted)('is read as it was written: %s', async (_, value, comesBack = value) => {
    const sessions = repositoryOf(new InMemorySessionStore());
    const session = await found(sessions, await stored(sessions, { value }));
    expect(session.value).toEqual(comesBack);
    expect(Object.keys(Object(session.value))).toEqual(Object.keys(Object(comesBack)));
    expect(Object.prototype).not.toHaveProperty('polluted');
  });
});
