import type { IndexKey, SessionIndex } from '../../session/session-index.js';
import type { SessionStore } from '../../session/session-store.js';
import { changes, newHash, newSession } from './records.js';
import type { Contract } from './contract.js';

const KEEP = 3_600_000;
const userOf = (value: string): IndexKey => ({ index: 'user', value });
const newUser = (): IndexKey => userOf(newHash());

/** Stores a session of a user as the package does: the entry first. */
async function login(store: SessionStore, key: IndexKey, rest: Parameters<typeof newSession>[1] = {}) {
  const session = newSession({ city: '"Turin"', cart: '[]' }, { indexed: new Map([[key.index, key.value]]), ...rest }); // prettier-ignore
  await store.index!.add(key, session.id, KEEP);
  await store.create(session);
  return session.id;
}

async function idsOf(index: SessionIndex, key: IndexKey): Promise<string[]> {
  const all = new Set<string>();
  for await (const ids of index.ids(key)) for (const id of ids) all.add(id);
  const live = await index.read(key, [...all], []);
  return live.map(({ id }) => id).toSorted();
}

/** Finding sessions by the values that are stored with them: for stores with `index`. */
export function describeIndex({ harness, describe, it, expect, times }: Contract): void {
  const withIndex = (): { store: SessionStore; index: SessionIndex } => {
    const { store } = harness();
    return { store, index: store.index! };
  };

  describe('the values of a session in indexes', () => {
    it('are stored and loaded with it, apart from its attributes', async () => {
      const { store } = harness();
      const indexed = new Map([['user', '42'], ['idp', 'a b']]); // prettier-ignore
      const session = newSession({ user: '{"id":42}' }, { indexed });
      await store.create(session);
      const loaded = await store.load(session.id);
      expect(loaded?.indexed).toEqual(indexed);
      expect(loaded?.attributes).toEqual(new Map([['user', '{"id":42}']]));
    });

    it('change with a save, each by itself', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' }, { indexed: new Map([['user', '42'], ['idp', 'x']]) }); // prettier-ignore
      await store.create(session);
      await store.save(session.id, changes({}, { indexed: new Map([['user', '43']]) }));
      expect((await store.load(session.id))?.indexed).toEqual(new Map([['user', '43'], ['idp', 'x']])); // prettier-ignore
      await store.save(session.id, changes({ a: '2' }));
      await store.save(session.id, changes({}, { indexed: new Map([['idp', undefined]]) }));
      expect((await store.load(session.id))?.indexed).toEqual(new Map([['user', '43']]));
    });

    it('are undefined if it has none', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' }, { indexed: new Map([['user', '42']]) });
      await store.create(session);
      await store.save(session.id, changes({}, { indexed: new Map([['user', undefined]]) }));
      expect((await store.load(session.id))?.indexed).toBeUndefined();
    });

    it('do not change with a save that is refused', async () => {
      const { store } = harness();
      const session = newSession({}, { indexed: new Map([['user', '42']]) });
      await store.create(session);
      const late = changes({}, { secretHash: newHash(), indexed: new Map([['user', '43']]) });
      expect(await store.save(session.id, late)).toBe('conflict');
      expect((await store.load(session.id))?.indexed).toEqual(new Map([['user', '42']]));
    });
  });

  describe('finding sessions by a value', () => {
    it('reads those that have it, with the attributes that were asked for', async () => {
      const { store, index } = withIndex();
      const key = newUser();
      const id = await login(store, key, { idleTimeoutInMilliseconds: 70_000 });
      const { createdAt } = (await store.load(id))!;
      const [found, ...others] = await index.read(key, [id], ['city', 'missing']);
      expect(others).toEqual([]);
      expect(found).toEqual({
        id,
        createdAt,
        idleTimeoutInMilliseconds: 70_000,
        endsAt: expect.any(Number),
        attributes: new Map([['city', '"Turin"']]),
      });
      expect(Math.abs(found!.endsAt - createdAt - 70_000)).toBeLessThan(20_000);
    });

    it('lists each session once, and no session of another value', async () => {
      const { store, index } = withIndex();
      const [key, otherUser] = [newUser(), newUser()];
      const own = [await login(store, key), await login(store, key)].toSorted();
      await login(store, otherUser);
      expect(await idsOf(index, key)).toEqual(own);
      await index.add(key, own[0]!, KEEP);
      expect(await idsOf(index, key)).toEqual(own);
    });

    it('is about one index: a user is not an idp of the same name', async () => {
      const { store, index } = withIndex();
      const key = newUser();
      await login(store, key);
      expect(await idsOf(index, { index: 'idp', value: key.value })).toEqual([]);
    });

    it('does not read what only the entry says', async () => {
      const { store, index } = withIndex();
      const key = newUser();
      const [moved, anonymous, absent] = [await login(store, key), newSession(), newSession()];
      await store.save(moved, changes({}, { indexed: new Map([['user', 'other']]) }));
      await store.create(anonymous);
      await index.add(key, anonymous.id, KEEP);
      await index.add(key, absent.id, KEEP);
      expect(await idsOf(index, key)).toEqual([]);
    });

    it('does not read a session that has expired or was destroyed', async () => {
      const { store, index } = withIndex();
      const key = newUser();
      const brief = await login(store, key, { idleTimeoutInMilliseconds: times.short });
      const ended = await login(store, key);
      const alive = await login(store, key);
      await store.destroy(ended);
      await index.remove(key, [ended]);
      await harness().elapse(times.past);
      expect(await idsOf(index, key)).toEqual([alive]);
      expect(await store.load(brief)).toBeUndefined();
    });

    it('finds hundreds of sessions', async () => {
      const { store, index } = withIndex();
      const key = newUser();
      const all = await Promise.all(Array.from({ length: 1200 }, () => login(store, key)));
      expect(await idsOf(index, key)).toEqual(all.toSorted());
    });

    it('takes any text for a value', async () => {
      const { store, index } = withIndex();
      const values = ['a}b{c', 'a_b', 'a%5Fb', 'line\nbreak', 'ü@例え.jp', ' ', '*?[x]', '__proto__'];
      const ids: string[] = [];
      for (const value of values) ids.push(await login(store, userOf(value)));
      const found = [];
      for (const value of values) found.push(await idsOf(index, userOf(value)));
      expect(found).toEqual(ids.map((id) => [id]));
      for (const value of values) expect(await index.destroy(userOf(value), ids.shift()!)).toBe(true);
    });

    it('does not show sessions of an application with another name', async () => {
      const { store } = harness();
      const key = newUser();
      await login(store, key);
      const { index } = harness().other;
      expect(await idsOf(index!, key)).toEqual([]);
    });
  });

  describe('ending a session by a value', () => {
    it('removes it once', async () => {
      const { store, index } = withIndex();
      const key = newUser();
      const id = await login(store, key);
      expect(await index.destroy(key, id)).toBe(true);
      expect(await store.load(id)).toBeUndefined();
      expect(await index.destroy(key, id)).toBe(false);
    });

    it('leaves a session that has another value, or none', async () => {
      const { store, index } = withIndex();
      const [key, otherUser] = [newUser(), newUser()];
      const [id, anonymous] = [await login(store, otherUser), newSession()];
      await store.create(anonymous);
      expect(await index.destroy(key, id)).toBe(false);
      expect(await index.destroy(key, anonymous.id)).toBe(false);
      expect(await store.load(id)).toBeDefined();
      expect(await store.load(anonymous.id)).toBeDefined();
    });
  });

  describe('refusing a value to requests that began earlier', () => {
    it('is remembered with its age, for this value only', async () => {
      const { index } = withIndex();
      const [key, otherUser, id] = [newUser(), newUser(), newSession().id];
      expect(await index.refusedAgo(key, id)).toBeUndefined();
      await index.refuseEarlier(key);
      await harness().elapse(50);
      const ago = await index.refusedAgo(key, id);
      expect(ago).toBeGreaterThanOrEqual(40);
      expect(ago).toBeLessThan(20_000);
      expect(await index.refusedAgo(otherUser, id)).toBeUndefined();
      expect(await index.refusedAgo({ index: 'idp', value: key.value }, id)).toBeUndefined();
    });

    it('does not concern the exception', async () => {
      const { index } = withIndex();
      const [key, id, other] = [newUser(), newSession().id, newSession().id];
      await index.refuseEarlier(key, id);
      expect(await index.refusedAgo(key, id)).toBeUndefined();
      expect(await index.refusedAgo(key, other)).toEqual(expect.any(Number));
      await index.refuseEarlier(key, other);
      expect(await index.refusedAgo(key, id)).toEqual(expect.any(Number));
    });
  });

  describe('listing all sessions', () => {
    it('finds those of this application, with and without a user', async () => {
      const { store, index } = withIndex();
      const { other } = harness();
      const [anonymous, foreign] = [newSession(), newSession()];
      await store.create(anonymous);
      await other.create(foreign);
      const bound = await login(store, newUser());
      const all = new Set<string>();
      for await (const ids of index.all()) for (const id of ids) all.add(id);
      expect(all.has(bound)).toBe(true);
      expect(all.has(anonymous.id)).toBe(true);
      expect(all.has(foreign.id)).toBe(false);
    });
  });
}
