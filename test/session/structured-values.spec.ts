import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionDataError, type SessionRepository } from 'nestjs-redis-session';
import { structuredSerializer } from 'nestjs-redis-session/structured';
import { coreOf } from '../../lib/session/session-proxy.js';
import {
  found,
  repositoryOf,
  stored,
  stores,
  watch,
  type RepositoryOptions,
  type StoreUnderTest,
} from './session-fixture.js';

const serializer = structuredSerializer();
const structured = (options: RepositoryOptions = {}): SessionRepository =>
  repositoryOf(new InMemorySessionStore(), { serializer, ...options });

const values: [what: string, value: unknown][] = [
  ['a Date', new Date(1_700_000_000_123)],
  ['a Map', new Map<unknown, unknown>([['tea', 1], [2, { n: 3 }], [new Date(4), new Map([['deep', 5n]])]])], // prettier-ignore
  ['an empty Map', new Map()],
  ['a Set', new Set<unknown>(['tea', 1, { n: 2 }, undefined])],
  ['an empty Set', new Set()],
  ['a BigInt', -(2n ** 70n)],
  ['a Buffer', Buffer.from([0, 255, 10])],
  ['an empty Buffer', Buffer.alloc(0)],
  ['a Uint8Array', new Uint8Array([1, 2, 3])],
  ['an empty Uint8Array', new Uint8Array()],
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
  ['undefined in an array', [1, undefined, 'x']],
  ['arrays of what the format uses itself', [['Date', 'x'], ['Map', 1, 2], [-7, 1e9], { at: 1n }]], // prettier-ignore
  ['texts that look like the prefix', ['st1.[1]', 'st1.', 1n]],
  ['all of them', { at: new Date(1), in: [new Map([[1n, new Set([Buffer.from('a')])]])], no: null }],
  ['plain JSON', { sku: 'tea', list: [1, 'x', null, true, { n: 1.5 }] }],
];

describe.each(stores)('values of the structured serializer, in the %s store', (_, open) => {
  let opened: StoreUnderTest;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());

  it.each(values)('come back as they were: %s', async (_what, value) => {
    const sessions = repositoryOf(opened.store, { serializer });
    const id = await stored(sessions, { value, inside: { value } });
    const session = await found(sessions, id);
    expect(session.value).toStrictEqual(value);
    expect(session.inside).toStrictEqual({ value });
    expect(Object.is(session.value, -0)).toBe(Object.is(value, -0));
    expect(Buffer.isBuffer(session.value)).toBe(Buffer.isBuffer(value));
  });
});

describe('the structured serializer', () => {
  it('writes what JSON carries as the JSON serializer does', () => {
    const value = { sku: 'tea', note: undefined, list: [1, { n: null }] };
    expect(serializer.serialize(value, 'cart')).toBe('{"sku":"tea","list":[1,{"n":null}]}');
  });

  it('marks everything else with a prefix that begins no JSON', () => {
    const text = serializer.serialize(new Date(0), 'at');
    expect(text).toBe('st1.[["Date","1970-01-01T00:00:00.000Z"]]');
  });

  it('writes equal text for equal values, however often an object occurs in them', () => {
    const item = { at: new Date(0) };
    const twice = serializer.serialize([item, item], 'cart');
    expect(twice).toBe(serializer.serialize([{ at: new Date(0) }, { at: new Date(0) }], 'cart'));
  });

  it('writes no bytes but those of a Buffer, which lies in memory with others', async () => {
    const pool = Buffer.from('before SECRET after');
    const text = serializer.serialize(pool.subarray(0, 6), 'bytes');
    expect(text).toBe(`st1.[["Buffer",1],"${Buffer.from('before').toString('base64')}"]`);
    const view = new Uint8Array(pool.buffer, pool.byteOffset, 6);
    expect(serializer.serialize(view, 'bytes').length).toBeLessThan(60);
  });
});

const changes: [what: string, value: () => unknown, change: (value: any) => void][] = [
  ['Map.set', () => new Map([['tea', 1]]), (map) => map.set('tea', 2)],
  ['Map.delete', () => new Map([['tea', 1]]), (map) => map.delete('tea')],
  ['Set.add', () => new Set(['tea']), (set) => set.add('milk')],
  ['Set.clear', () => new Set(['tea']), (set) => set.clear()],
  ['Date.setTime', () => new Date(1), (date) => date.setTime(2)],
  ['a byte of a Buffer', () => Buffer.from('tea'), (bytes) => (bytes[0] = 1)],
  [
    'an object in a Map in a Set',
    () => new Set([new Map([['tea', { n: 1 }]])]),
    ([map]) => (map.get('tea').n = 2),
  ],
];

describe('a deep change of a structured value', () => {
  it.each(changes)('is stored: %s', async (_, value, change) => {
    const sessions = structured();
    const id = await stored(sessions, { value: value() });
    const session = await found(sessions, id);
    change(session.value);
    await session.save();
    const expected = value();
    change(expected);
    expect((await found(sessions, id)).value).toStrictEqual(expected);
    expect(expected).not.toStrictEqual(value());
  });

  it('is what writes: a value that was only read is not written', async () => {
    const watched = watch(new InMemorySessionStore());
    const sessions = repositoryOf(watched.store, { serializer });
    const id = await stored(sessions, { value: new Map([['tea', { at: new Date(1) }]]) });
    watched.calls.length = 0;
    const session = await found(sessions, id);
    expect(session.value.get('tea').at.getTime()).toBe(1);
    await session.save();
    expect(watched.written()).toEqual([]);
  });
});

class Money {
  constructor(readonly cents: number) {}
}
class Stock extends Map<string, string> {}
class Bytes extends Uint8Array {}
class Moment extends Date {}
const ring: unknown[] = [1n];
ring.push(new Map([['SECRET', ring]]));

const refused: [what: string, value: unknown, path: string, says: string][] = [
  ['a class instance', new Money(1), 'cart', 'is an instance of Money'],
  ['a class instance in a Map', new Map([['SECRET', new Money(1)]]), 'cart<0>', 'is an instance of Money'],
  ['a class instance as a key', new Map([[new Money(1), 1]]), 'cart<0>.key', 'is an instance of Money'],
  ['a class instance in a Set', new Set(['SECRET', new Money(1)]), 'cart<1>', 'is an instance of Money'],
  ['a subclass of Map', new Stock([['a', 'SECRET']]), 'cart', 'is an instance of Stock'],
  ['a subclass of Date', new Moment(), 'cart', 'is an instance of Moment'],
  ['a subclass of Uint8Array', new Bytes(1), 'cart', 'is an instance of Bytes'],
  ['an invalid Date', new Date('SECRET'), 'cart', 'is an invalid Date'],
  ['another typed array', new Float64Array(1), 'cart', 'is an instance of Float64Array'],
  ['a regular expression', /SECRET/, 'cart', 'is an instance of RegExp'],
  ['a URL', new URL('https://SECRET.example'), 'cart', 'is an instance of URL'],
  ['a Map with a property', Object.assign(new Map(), { note: 'SECRET' }), 'cart', 'has the property note'],
  ['a hole in an array', [1n, , 3], 'cart[1]', 'is an empty slot'], // oxlint-disable-line no-sparse-arrays
  ['an array of holes', Array(4_000_000_000), 'cart[0]', 'is an empty slot'],
  ['a function in a Map', new Map([['SECRET', () => 1]]), 'cart<0>', 'is of type function'],
  ['a symbol', Symbol('SECRET'), 'cart', 'is of type symbol'],
  ['a key that JavaScript takes for the prototype', JSON.parse('{"__proto__":"SECRET"}'), 'cart', 'has the key __proto__'],
  ['a cycle', ring, 'cart[1]<0>', 'refers back'],
]; // prettier-ignore

describe('a value that the structured serializer cannot carry', () => {
  it.each(refused)('is refused by its path, without its content: %s', async (_, value, path, says) => {
    const sessions = structured();
    const id = await stored(sessions, { cart: 'old' });
    const session = await found(sessions, id);
    session.cart = value;
    const error = await session.save().then(
      () => undefined,
      (thrown: unknown) => thrown as SessionDataError,
    );
    expect(error).toBeInstanceOf(SessionDataError);
    expect(error).toMatchObject({ attribute: 'cart' });
    expect(error!.message).toContain(`session.${path} ${says}`);
    expect(error!.message).not.toContain('SECRET');
    expect((await found(sessions, id)).cart).toBe('old');
  });

  it('counts every level of a Map and a Set', async () => {
    const nest = (levels: number): unknown =>
      levels === 0 ? 1n : levels % 2 === 0 ? new Map([['m', nest(levels - 1)]]) : new Set([nest(levels - 1)]);
    const sessions = structured({ maxDepth: 5 });
    const id = await stored(sessions, { deep: nest(5) });
    const session = await found(sessions, id);
    expect(session.deep).toStrictEqual(nest(5));
    session.deep = nest(6);
    await expect(session.save()).rejects.toThrow('session.deep is nested more than 5 levels deep');
  });

  it('is one that is too large, by the text that is stored', async () => {
    const sessions = structured({ maxSessionBytes: 2000 });
    await stored(sessions, { bytes: Buffer.alloc(1400) });
    await expect(stored(sessions, { bytes: Buffer.alloc(1600) })).rejects.toMatchObject({
      code: 'SESSION_TOO_LARGE',
    });
  });
});

async function written(attributes: object) {
  const store = new InMemorySessionStore();
  const id = await stored(repositoryOf(store, { serializer }), attributes);
  return { store, id };
}

describe('structured values and the JSON serializer', () => {
  it('agree on JSON: each reads what the other wrote, and writes nothing for it', async () => {
    const { store, id } = await written({ cart: { n: 1 } });
    const watched = watch(store);
    for (const options of [{}, { serializer }]) {
      const session = await found(repositoryOf(watched.store, options), id);
      expect(session.cart).toEqual({ n: 1 });
      await session.save();
    }
    expect(watched.written()).toEqual([]);
  });

  it('disagree by an error that names the attribute and the serializer', async () => {
    const { store, id } = await written({ at: new Date(0), other: 1 });
    const session = await found(repositoryOf(store), id);
    expect(session.other).toBe(1);
    expect(() => session.at as unknown).toThrow(
      new SessionDataError(
        'The stored session attribute "at" cannot be read: structuredSerializer() wrote it, and this process has the JSON serializer. Set serializer to structuredSerializer() here, too, or set unreadableAttribute to "drop".',
        'at',
      ),
    );
  });

  it('keep what the JSON serializer cannot read while it writes other attributes', async () => {
    const { store, id } = await written({ at: new Date(5), other: 1 });
    const session = await found(repositoryOf(store), id);
    session.other = 2;
    await session.save();
    const back = await found(repositoryOf(store, { serializer }), id);
    expect({ ...back }).toStrictEqual({ at: new Date(5), other: 2 });
  });
});

const frozen = async (attributes: object) => {
  const sessions = structured();
  const id = await stored(sessions, attributes);
  const session = await found(sessions, id);
  return { sessions, id, session, setReadOnly: (on: boolean) => coreOf(session).setReadOnly(on) };
};

describe('a structured value on a read-only route', () => {
  const refusals = changes.filter(([what]) => !what.startsWith('a byte'));

  it.each(refusals)('refuses its change: %s', async (_, value, change) => {
    const { session, setReadOnly } = await frozen({ value: value() });
    setReadOnly(true);
    expect(() => change(session.value)).toThrow(/read-only|read only/);
    expect(session.value).toEqual(value());
  });

  it('stores no change of its bytes, which cannot refuse one', async () => {
    const { session, sessions, id, setReadOnly } = await frozen({ value: { bytes: Buffer.from('tea') } });
    setReadOnly(true);
    session.value.bytes[0] = 1;
    await session.save();
    setReadOnly(false);
    expect(session.value.bytes.toString()).toBe('tea');
    await session.save();
    expect((await found(sessions, id)).value.bytes.toString()).toBe('tea');
  });

  it('can be changed again where the session is writable again', async () => {
    const { session, sessions, id, setReadOnly } = await frozen({ value: new Map([['tea', 1]]) });
    setReadOnly(true);
    expect(session.value.get('tea')).toBe(1);
    setReadOnly(false);
    session.value.set('tea', 2);
    await session.save();
    expect((await found(sessions, id)).value).toEqual(new Map([['tea', 2]]));
  });
});
