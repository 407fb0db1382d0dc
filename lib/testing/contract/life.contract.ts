import { attributesOf, changes, newHash, newSession } from './records.js';
import type { Contract } from './contract.js';

/** How a session is created, and that it stays ended once it has ended. */
export function describeLife({ harness, describe, it, expect }: Contract): void {
  describe('creating a session', () => {
    it('stores the session and returns the time by the clock of the store', async () => {
      const { store } = harness();
      const session = newSession(
        { cart: '["tea"]' },
        { idleTimeoutInMilliseconds: 70_000, absoluteTimeoutInMilliseconds: 90_000 },
      );
      const createdAt = await store.create(session);
      expect(createdAt).toEqual(expect.any(Number));
      expect(await store.load(session.id)).toEqual({
        id: session.id,
        secretHash: session.secretHash,
        createdAt,
        idleTimeoutInMilliseconds: 70_000,
        expiresAt: createdAt! + 90_000,
        attributes: new Map([['cart', '["tea"]']]),
      });
    });

    it('returns undefined for timeouts that were not given', async () => {
      const { store } = harness();
      const session = newSession();
      await store.create(session);
      const loaded = await store.load(session.id);
      expect(loaded?.idleTimeoutInMilliseconds).toBeUndefined();
      expect(loaded?.expiresAt).toBeUndefined();
    });

    it('counts time in milliseconds', async () => {
      const { store, elapse } = harness();
      const first = await store.create(newSession());
      await elapse(50);
      const second = await store.create(newSession());
      expect(second! - first!).toBeGreaterThanOrEqual(45);
      expect(second! - first!).toBeLessThan(20_000);
    });

    it('stores a session without attributes', async () => {
      const { store } = harness();
      const session = newSession();
      await store.create(session);
      expect(await attributesOf(store, session.id)).toEqual(new Map());
      expect(await store.save(session.id, changes({ first: '1' }))).toBe('saved');
      expect(await attributesOf(store, session.id)).toEqual(new Map([['first', '1']]));
    });

    it('refuses the id of another session, which does not change', async () => {
      const { store } = harness();
      const session = newSession({ owner: '"alice"' });
      await store.create(session);
      const before = await store.load(session.id);
      const intruder = newSession(
        { owner: '"mallory"', extra: '1' },
        { id: session.id, idleTimeoutInMilliseconds: 5_000, absoluteTimeoutInMilliseconds: 5_000 },
      );
      expect(await store.create(intruder)).toBeUndefined();
      expect(await store.load(session.id)).toEqual(before);
    });

    it('lets only one of several concurrent creates have an id', async () => {
      const { store } = harness();
      const { id } = newSession();
      const rivals = Array.from({ length: 10 }, (_, n) => newSession({ rival: String(n) }, { id }));
      const created = await Promise.all(rivals.map((rival) => store.create(rival)));
      const winners = rivals.filter((_, n) => created[n] !== undefined);
      expect(winners).toHaveLength(1);
      const loaded = await store.load(id);
      expect(loaded?.secretHash).toBe(winners[0]!.secretHash);
      expect(loaded?.attributes).toEqual(winners[0]!.attributes);
    });
  });

  describe('a session that never existed', () => {
    it('is not found by load, touch, save and destroy, and not created by them', async () => {
      const { store } = harness();
      const { id } = newSession();
      expect(await store.load(id)).toBeUndefined();
      expect(await store.touch(id, { defaultIdleTimeoutInMilliseconds: 10_000 })).toBe(false);
      expect(await store.save(id, changes({ a: '1' }))).toBe('gone');
      expect(await store.destroy(id)).toBe(false);
      expect(await store.load(id)).toBeUndefined();
    });
  });

  describe('a session that was destroyed during a request', () => {
    it.each([
      ['a save', changes({ a: '2' })],
      ['a save after a touch', changes({ a: '2' }, { touched: true })],
      ['a save that changes nothing', changes()],
      ['a save with its own idle timeout', changes({}, { idleTimeoutInMilliseconds: 5_000 })],
      ['a save under a lock', changes({ a: '2' }, { lock: { token: newHash(), release: true } })],
    ])('is not restored by %s', async (_, late) => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      expect(await store.destroy(session.id)).toBe(true);
      expect(await store.save(session.id, late)).toBe('gone');
      expect(await store.load(session.id)).toBeUndefined();
    });

    it('is not restored by a rotation', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      await store.destroy(session.id);
      const rotate = { secretHash: session.secretHash, newSecretHash: newHash() };
      expect(await store.save(session.id, changes({}, rotate))).toBe('gone');
      expect(await store.load(session.id)).toBeUndefined();
    });

    it('is not restored by a touch', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' }, { absoluteTimeoutInMilliseconds: 90_000 });
      await store.create(session);
      const { expiresAt } = (await store.load(session.id))!;
      await store.destroy(session.id);
      expect(await store.touch(session.id, { defaultIdleTimeoutInMilliseconds: 10_000, expiresAt })).toBe(
        false,
      );
      expect(await store.load(session.id)).toBeUndefined();
    });

    it('is not restored by saves that race with its end', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      const save = (n: number) => store.save(session.id, changes({ [`late${n}`]: '1' }));
      await Promise.all([save(1), save(2), store.destroy(session.id), save(3), save(4)]);
      expect(await store.load(session.id)).toBeUndefined();
    });
  });

  describe('a save under a lock that it does not hold', () => {
    it('returns lock-lost and writes nothing', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      const before = await store.load(session.id);
      const rotate = { secretHash: session.secretHash, newSecretHash: newHash() };
      const late = changes(
        { a: '2', b: '2' },
        { lock: { token: newHash(), release: true }, ...rotate, idleTimeoutInMilliseconds: 5_000 },
      );
      expect(await store.save(session.id, late)).toBe('lock-lost');
      expect(await store.load(session.id)).toEqual(before);
    });

    it('returns lock-lost if the secret was rotated, too', async () => {
      const { store } = harness();
      const session = newSession();
      await store.create(session);
      const rotate = { secretHash: newHash(), newSecretHash: newHash() };
      expect(
        await store.save(session.id, changes({}, { lock: { token: newHash(), release: true }, ...rotate })),
      ).toBe('lock-lost');
    });
  });

  describe('two applications with different names', () => {
    it('never see, change or end each other’s sessions', async () => {
      const { store, other } = harness();
      const session = newSession({ application: '"first"' });
      const createdAt = await store.create(session);
      expect(await other.load(session.id)).toBeUndefined();
      expect(await other.save(session.id, changes({ application: '"second"' }))).toBe('gone');
      expect(await other.touch(session.id, { defaultIdleTimeoutInMilliseconds: 10_000 })).toBe(false);
      expect(await other.destroy(session.id)).toBe(false);

      const twin = newSession({ application: '"second"' }, { id: session.id });
      expect(await other.create(twin)).toEqual(expect.any(Number));
      expect(await store.load(session.id)).toMatchObject({
        createdAt,
        secretHash: session.secretHash,
        attributes: session.attributes,
      });
      expect(await store.destroy(session.id)).toBe(true);
      expect(await attributesOf(other, session.id)).toEqual(twin.attributes);
    });
  });
}
