import { describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionDataError } from 'nestjs-redis-session';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { jsonSerializer } from '../../lib/session/session-serializer.js';
import { found, repositoryOf, stored, type AnySession } from './session-fixture.js';

class Item {
  note?: string;
  constructor(
    readonly sku: string,
    private readonly quantity: number,
  ) {}
  total(): number {
    return this.quantity;
  }
}
class GiftItem extends Item {
  gift = true;
}
class Money {
  cents = 1;
  toJSON() {
    return 'SECRET';
  }
}
class Euro extends Money {}
class Person {
  first = 'SECRET';
  get name() {
    return this.first;
  }
}
class Tagged {
  readonly [Symbol.toStringTag] = 'Tagged';
}
class Numbers extends Array<number> {}
const withOwn = (descriptor: PropertyDescriptor) =>
  Object.defineProperty(new Item('tea', 1), 'hidden', descriptor);

const ring: Item & { self?: unknown } = new Item('tea', 1);
ring.self = ring;

const { serializer } = resolveOptions({ classInstances: 'plain' }, {});
const plain = () => repositoryOf(new InMemorySessionStore(), { serializer });

const taken: [what: string, value: unknown, comesBack: unknown][] = [
  ['the instance of a class', new Item('tea', 2), { sku: 'tea', quantity: 2 }],
  ['one of a class that extends another', new GiftItem('tea', 2), { sku: 'tea', quantity: 2, gift: true }],
  ['one in a list in an object', { items: [new Item('tea', 2)] }, { items: [{ sku: 'tea', quantity: 2 }] }],
  ['plain values', { list: [1, 'two', null], nested: {} }, { list: [1, 'two', null], nested: {} }],
];

// What the message says of session.cart after the name of the class.
const refused: [what: string, value: unknown, says: string][] = [
  ['a Date', new Date(0), 'is an instance of Date and'],
  ['a Map', new Map([['SECRET', 1]]), 'is an instance of Map and'],
  ['a Promise', Promise.resolve('SECRET'), 'is an instance of Promise and'],
  ['a boxed number', new Number(5), 'is an instance of Number and'], // oxlint-disable-line no-new-wrappers
  ['a Buffer', Buffer.from('SECRET'), 'is an instance of Buffer and'],
  ['a URL', new URL('http://SECRET'), 'is an instance of URL'],
  ['an Error', new Error('SECRET'), 'is an instance of Error and'],
  ['a WeakMap', new WeakMap(), 'is an instance of WeakMap and'],
  ['a class that tags itself', new Tagged(), 'is an instance of Tagged and'],
  ['an instance with a toJSON()', new Money(), 'is an instance of Money with a toJSON()'],
  ['one that inherits its toJSON()', new Euro(), 'is an instance of Euro with a toJSON()'],
  ['one whose class has an accessor', new Person(), 'is an instance of Person with the accessor name'],
  [
    'one with an accessor of its own',
    withOwn({ get: () => 'SECRET', enumerable: true }),
    'is an instance of Item with the accessor hidden',
  ],
  [
    'one with a hidden property',
    withOwn({ value: 'SECRET' }),
    'is an instance of Item with the hidden property hidden',
  ],
  [
    'one that inherits values',
    Object.create({ inherited: 'SECRET' }),
    'is an instance of Object that inherits the property inherited',
  ],
  ['a kind of array', Numbers.of(1), 'is an instance of Numbers'],
  [
    'one with a value that JSON cannot carry',
    Object.assign(new Item('tea', 1), { note: () => 'SECRET' }),
    'note is of type function',
  ],
  ['one that contains itself', ring, 'refers back to an object that contains it'],
];

describe('with classInstances: plain', () => {
  it.each(taken)('is stored as a plain object: %s', async (_, value, comesBack) => {
    const sessions = plain();
    const session = await found(sessions, await stored(sessions, { cart: value }));
    expect(session.cart).toStrictEqual(comesBack);
  });

  it('a stored instance that is changed is stored again', async () => {
    const sessions = plain();
    const session = sessions.create() as AnySession;
    const item = new Item('tea', 1);
    session.cart = [item];
    await sessions.save(session);
    item.note = 'as a gift';
    await sessions.save(session);
    expect((await found(sessions, session.id)).cart).toEqual([
      { sku: 'tea', quantity: 1, note: 'as a gift' },
    ]);
  });

  it.each(refused)('is refused, being more than its properties: %s', async (_, value, says) => {
    const sessions = plain();
    const session = sessions.create() as AnySession;
    session.cart = value;
    const error = await session.save().then(
      () => undefined,
      (reason: unknown) => reason as SessionDataError,
    );
    expect(error).toBeInstanceOf(SessionDataError);
    expect(error?.message).toContain(says);
    expect(error?.message).not.toContain('SECRET');
  });
});

describe('without it', () => {
  it('an instance is refused with a message that names the ways out', async () => {
    const session = repositoryOf(new InMemorySessionStore()).create() as AnySession;
    session.cart = [new Item('tea', 1)];
    await expect(session.save()).rejects.toThrow(
      'session.cart[0] is an instance of Item and cannot be stored unchanged; nothing was written. Store a plain object ({ ...dto }), set classInstances to "plain", or set a serializer that supports it.',
    );
  });
});

describe('a serializer of the application', () => {
  it('counts before classInstances', () => {
    const own = { ...jsonSerializer };
    expect(resolveOptions({ classInstances: 'plain', serializer: own }, {}).serializer).toBe(own);
  });
});
