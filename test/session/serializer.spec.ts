import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionDataError, type SessionSerializer } from 'nestjs-redis-session';
import { found, repositoryOf, stored, stores, watch } from './session-fixture.js';

// Keeps maps, dates, BigInts and cycles; its text is binary data in base64.
const v8: SessionSerializer = {
  serialize: (value) => serialize(value).toString('base64'),
  deserialize: (text) => deserialize(Buffer.from(text, 'base64')) as unknown,
};

// Like superjson: JSON, plus the types that JSON lacks.
const tagged: SessionSerializer = {
  serialize: (value) =>
    JSON.stringify(value, function (this: Record<string, unknown>, key, item: unknown) {
      const original = this[key];
      return original instanceof Date ? { $date: original.getTime() } : item;
    }),
  deserialize: (text) =>
    JSON.parse(text, (_, item: { $date?: number } | null) =>
      typeof item?.$date === 'number' ? new Date(item.$date) : item,
    ) as unknown,
};

describe.each(stores)('with the application’s own serializer, in the %s store', (_, open) => {
  it('values that JSON cannot represent are read as they were written', async () => {
    const opened = await open();
    try {
      const sessions = repositoryOf(opened.store, { serializer: v8 });
      const ring: Record<string, unknown> = { name: 'ring' };
      ring.self = ring;
      const values = {
        at: new Date(5),
        map: new Map([['a', 1n]]),
        none: Number.NaN,
        list: [1, undefined],
        ring,
      };
      const session = await found(sessions, await stored(sessions, values));
      expect(session.at.getTime()).toBe(5);
      expect([...session.map]).toEqual([['a', 1n]]);
      expect(session.none).toBeNaN();
      expect(session.list).toEqual([1, undefined]);
      expect(session.ring.self).toBe(session.ring);
    } finally {
      await opened.close();
    }
  });
});

describe('the application’s own serializer', () => {
  it.each([
    ['v8', v8],
    ['tagged JSON', tagged],
  ])('has nested changes detected by its text: %s', async (_, serializer) => {
    const watched = watch(new InMemorySessionStore());
    const sessions = repositoryOf(watched.store, { serializer });
    const session = await found(sessions, await stored(sessions, { times: [new Date(1)], other: 1 }));
    expect(session.times[0].getTime()).toBe(1);
    await session.save();
    session.times[0].setTime(2);
    await session.save();
    expect(watched.written().slice(1).map(Object.keys)).toEqual([['times']]);
    expect((await found(sessions, session.id)).times[0].getTime()).toBe(2);
  });

  it('receives the name of the attribute with its value or text', async () => {
    const seen: unknown[][] = [];
    const serializer: SessionSerializer = {
      serialize: (value, attribute) => (seen.push(['serialize', value, attribute]), JSON.stringify(value)),
      deserialize: (text, attribute) => (
        seen.push(['deserialize', text, attribute]),
        JSON.parse(text) as unknown
      ),
    };
    const sessions = repositoryOf(new InMemorySessionStore(), { serializer });
    const session = await found(sessions, await stored(sessions, { cart: 'tea' }));
    expect(session.cart).toBe('tea');
    expect(seen).toEqual([
      ['serialize', 'tea', 'cart'],
      ['deserialize', '"tea"', 'cart'],
    ]);
  });

  it('causes an error that names the attribute but not its value if it throws, and nothing is written', async () => {
    const watched = watch(new InMemorySessionStore());
    const serializer: SessionSerializer = {
      ...v8,
      serialize(value) {
        throw new TypeError(`cannot encode ${String(value)}`);
      },
    };
    const session = repositoryOf(watched.store, { serializer }).create<{ cart: string }>();
    session.cart = 'SECRET';
    const error = await session.save().catch((reason: unknown) => reason as SessionDataError);
    expect(error).toBeInstanceOf(SessionDataError);
    expect(error).toMatchObject({ attribute: 'cart' });
    expect(String(error)).toContain('attribute "cart" cannot be stored (TypeError in the serializer)');
    expect(String(error)).not.toContain('SECRET');
    expect(watched.calls).toEqual([]);
  });

  it.each([undefined, null, 5, Buffer.from('text'), Promise.resolve('text')])(
    'causes an error if it returns no string, and the attribute is kept: %p',
    async (text) => {
      const store = new InMemorySessionStore();
      const id = await stored(repositoryOf(store), { cart: 'tea' });
      const sessions = repositoryOf(store, {
        serializer: { ...v8, serialize: () => text as unknown as string },
      });
      const session = await found(sessions, id);
      session.cart = 'pot';
      await expect(session.save()).rejects.toThrow('attribute "cart" cannot be stored');
      expect((await store.load(id))?.attributes).toEqual(new Map([['cart', '"tea"']]));
    },
  );

  it('can throw a session error of its own, which is passed on unchanged', async () => {
    const mine = new SessionDataError('session.cart[2] is a Socket', 'cart');
    const serializer: SessionSerializer = {
      ...v8,
      serialize() {
        throw mine;
      },
    };
    const session = repositoryOf(new InMemorySessionStore(), { serializer }).create<{ cart: string }>();
    session.cart = 'tea';
    await expect(session.save()).rejects.toBe(mine);
  });
});
