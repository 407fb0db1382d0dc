import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionRepository } from 'nestjs-redis-session';
import { found, repositoryOf, spyOn, stored, stores, watch, type StoreUnderTest } from './session-fixture.js';

const shop = {
  cart: { items: [{ sku: 'tea', quantity: 1 }] },
  address: { city: 'Zürich' },
  visits: 3,
  name: 'Ada',
};

describe.each(stores)('a session in the %s store', (_, open) => {
  let opened: StoreUnderTest;
  let watched: ReturnType<typeof watch>;
  let serializer: ReturnType<typeof spyOn>;
  let sessions: SessionRepository;
  let id: string;

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());
  beforeEach(async () => {
    id = await stored(repositoryOf(opened.store), shop);
    watched = watch(opened.store);
    serializer = spyOn();
    sessions = repositoryOf(watched.store, { serializer: serializer.spy });
  });

  describe('in which a request changes a nested value', () => {
    it('notices session.cart.items.push(x)', async () => {
      const session = await found(sessions, id);
      session.cart.items.push({ sku: 'pot', quantity: 2 });
      await sessions.save(session);
      expect((await found(sessions, id)).cart.items).toEqual([
        { sku: 'tea', quantity: 1 },
        { sku: 'pot', quantity: 2 },
      ]);
    });

    it('notices a changed, an added and a removed property', async () => {
      const session = await found(sessions, id);
      session.cart.items[0].quantity++;
      session.cart.note = 'gift';
      delete session.cart.items[0].sku;
      await sessions.save(session);
      expect((await found(sessions, id)).cart).toEqual({ items: [{ quantity: 2 }], note: 'gift' });
    });

    it('notices a change to an object that was assigned and saved before', async () => {
      const session = await found(sessions, id);
      const tags = ['a'];
      session.tags = tags;
      await session.save();
      tags.push('b');
      await session.save();
      expect((await found(sessions, id)).tags).toEqual(['a', 'b']);
    });

    it('stores each change once over several saves', async () => {
      const session = await found(sessions, id);
      session.cart.items.length = 0;
      await session.save();
      await session.save();
      session.visits = 4;
      await session.save();
      expect(watched.written()).toEqual([{ cart: '{"items":[]}' }, { visits: '4' }]);
    });
  });

  describe('in which a request changes one attribute', () => {
    it('writes only that attribute', async () => {
      const session = await found(sessions, id);
      session.visits++;
      await sessions.save(session);
      expect(watched.written()).toEqual([{ visits: '4' }]);
    });

    it('does not parse or serialize the others', async () => {
      const session = await found(sessions, id);
      session.address.city = 'Bern';
      await sessions.save(session);
      expect(new Set(serializer.parsed)).toEqual(new Set(['address']));
      expect(new Set(serializer.serialized)).toEqual(new Set(['address']));
    });

    it('does not parse an attribute that is only overwritten, checked with in, or removed', async () => {
      const session = await found(sessions, id);
      session.cart = { items: [] };
      delete session.name;
      expect('address' in session).toBe(true);
      await sessions.save(session);
      expect(serializer.parsed).toEqual([]);
      expect(watched.written()).toEqual([{ cart: '{"items":[]}', name: undefined }]);
    });

    it('parses an object once and returns the same object on every read', async () => {
      const session = await found(sessions, id);
      expect(session.cart).toBe(session.cart);
      expect(serializer.parsed).toEqual(['cart']);
    });
  });

  describe('that a request only reads', () => {
    it('writes nothing', async () => {
      const session = await found(sessions, id);
      expect({ ...session }).toEqual(shop);
      await sessions.save(session);
      expect(watched.methods()).toEqual(['load']);
    });

    it('writes nothing if a value is set to what it was', async () => {
      const session = await found(sessions, id);
      session.visits = 3;
      session.cart = structuredClone(shop.cart);
      session.address.city = 'Bern';
      session.address.city = 'Zürich';
      await sessions.save(session);
      expect(watched.methods()).toEqual(['load']);
    });

    it('writes nothing if an attribute is added and removed again', async () => {
      const session = await found(sessions, id);
      session.brief = 1;
      delete session.brief;
      session.never = undefined;
      delete session.neither;
      await sessions.save(session);
      expect(watched.methods()).toEqual(['load']);
    });
  });

  describe('in which other software has formatted an attribute differently', () => {
    const text = '{ "items": [ ], "total": 1.0 }';
    beforeEach(async () => {
      const attributes = new Map([['cart', text]]);
      await opened.store.save(id, { attributes, defaultIdleTimeoutInMilliseconds: 60_000 });
      watched.calls.length = 0;
    });

    it('writes nothing if the attribute is only read', async () => {
      const session = await found(sessions, id);
      expect(session.cart).toEqual({ items: [], total: 1 });
      await session.save();
      await session.save();
      expect(watched.methods()).toEqual(['load']);
    });

    it('writes the attribute if it is changed, and again if it is changed back', async () => {
      const session = await found(sessions, id);
      session.cart.items.push(1);
      await session.save();
      session.cart.items.pop();
      await session.save();
      expect(watched.written()).toEqual([
        { cart: '{"items":[1],"total":1}' },
        { cart: '{"items":[],"total":1}' },
      ]);
    });
  });

  describe('from which attributes are removed', () => {
    it.each(['delete', 'undefined'])('removes them, by %s', async (way) => {
      const session = await found(sessions, id);
      if (way === 'delete') delete session.cart;
      else session.cart = undefined;
      expect('cart' in session).toBe(false);
      await sessions.save(session);
      const { cart: _cart, ...rest } = shop;
      expect({ ...(await found(sessions, id)) }).toEqual(rest);
    });

    it('lets them be set again', async () => {
      const session = await found(sessions, id);
      delete session.visits;
      await session.save();
      session.visits = 3;
      await session.save();
      expect((await found(sessions, id)).visits).toBe(3);
    });

    it('keeps null, false, 0 and the empty string: they are values', async () => {
      const values = { a: null, b: false, c: 0, d: '', e: [], f: {} };
      const session = await found(sessions, await stored(sessions, values));
      expect({ ...session }).toEqual(values);
      expect(Object.keys(session)).toHaveLength(6);
    });
  });

  describe('that two requests change at once', () => {
    it('keeps both changes if they are to different attributes', async () => {
      const [first, second] = [await found(sessions, id), await found(sessions, id)];
      first.visits = 4;
      second.cart.items.pop();
      await Promise.all([first.save(), second.save()]);
      expect({ ...(await found(sessions, id)) }).toEqual({ ...shop, visits: 4, cart: { items: [] } });
    });

    it('does not restore an attribute that it only read and the other removed', async () => {
      const [first, second] = [await found(sessions, id), await found(sessions, id)];
      expect(first.cart).toEqual(shop.cart);
      delete second.cart;
      await second.save();
      first.visits = 9;
      await first.save();
      expect('cart' in (await found(sessions, id))).toBe(false);
    });
  });
});

describe('a new session', () => {
  it('is stored by save() even if it is empty, and not before', async () => {
    const watched = watch((await stores[0]![1]()).store);
    const sessions = repositoryOf(watched.store);
    const session = sessions.create();
    expect(watched.calls).toEqual([]);
    await session.save();
    expect(watched.methods()).toEqual(['create']);
    expect(await sessions.find(session.id)).toBeDefined();
  });
});
