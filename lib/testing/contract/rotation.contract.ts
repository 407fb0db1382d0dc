import { attributesOf, changes, newHash, newSession } from './records.js';
import type { Contract } from './contract.js';

/** A new secret, the same data, in one atomic write. */
export function describeRotation({ harness, describe, it, expect }: Contract): void {
  describe('rotating the secret', () => {
    it('replaces the secret and keeps everything else', async () => {
      const { store } = harness();
      const session = newSession(
        { cart: '["tea"]' },
        { idleTimeoutInMilliseconds: 70_000, absoluteTimeoutInMilliseconds: 90_000 },
      );
      await store.create(session);
      const before = await store.load(session.id);
      const rotate = { secretHash: session.secretHash, newSecretHash: newHash() };
      expect(await store.save(session.id, changes({}, rotate))).toBe('saved');
      expect(await store.load(session.id)).toEqual({ ...before, secretHash: rotate.newSecretHash });
    });

    it('stores the other changes of the request in the same write', async () => {
      const { store } = harness();
      const session = newSession({ cart: '["tea"]', guest: 'true' });
      await store.create(session);
      const rotate = { secretHash: session.secretHash, newSecretHash: newHash() };
      expect(await store.save(session.id, changes({ user: '"alice"', guest: undefined }, rotate))).toBe(
        'saved',
      );
      expect(await store.load(session.id)).toMatchObject({
        secretHash: rotate.newSecretHash,
        attributes: new Map(Object.entries({ cart: '["tea"]', user: '"alice"' })),
      });
    });

    it('returns conflict if another request rotated first, and writes nothing', async () => {
      const { store } = harness();
      const session = newSession({ a: '1', b: '1' }, { absoluteTimeoutInMilliseconds: 90_000 });
      await store.create(session);
      const first = { secretHash: session.secretHash, newSecretHash: newHash() };
      await store.save(session.id, changes({}, first));
      const before = await store.load(session.id);

      const second = { secretHash: session.secretHash, newSecretHash: newHash() };
      const late = changes({ a: '2', b: undefined, c: '2' }, { ...second, idleTimeoutInMilliseconds: 5_000 });
      expect(await store.save(session.id, late)).toBe('conflict');
      expect(await store.load(session.id)).toEqual(before);
    });

    it('lets only one of several concurrent rotations succeed', async () => {
      const { store } = harness();
      const session = newSession({ kept: '1' });
      await store.create(session);
      const rivals = Array.from({ length: 10 }, () => newHash());
      const outcomes = await Promise.all(
        rivals.map((to, n) =>
          store.save(
            session.id,
            changes({ [`rival${n}`]: '1' }, { secretHash: session.secretHash, newSecretHash: to }),
          ),
        ),
      );
      const winner = outcomes.indexOf('saved');
      expect(outcomes.toSorted()).toEqual([...Array<string>(9).fill('conflict'), 'saved']);
      expect(await store.load(session.id)).toMatchObject({
        secretHash: rivals[winner],
        attributes: new Map(Object.entries({ kept: '1', [`rival${winner}`]: '1' })),
      });
    });

    it('can be repeated with the new secret', async () => {
      const { store } = harness();
      const session = newSession();
      await store.create(session);
      const [second, third] = [newHash(), newHash()];
      await store.save(session.id, changes({}, { secretHash: session.secretHash, newSecretHash: second }));
      expect(await store.save(session.id, changes({}, { secretHash: second, newSecretHash: third }))).toBe(
        'saved',
      );
      expect((await store.load(session.id))?.secretHash).toBe(third);
    });

    it('does not affect a save without a secret', async () => {
      const { store } = harness();
      const session = newSession();
      await store.create(session);
      const to = newHash();
      await store.save(session.id, changes({}, { secretHash: session.secretHash, newSecretHash: to }));
      expect(await store.save(session.id, changes({ late: '1' }))).toBe('saved');
      expect(await attributesOf(store, session.id)).toEqual(new Map([['late', '1']]));
    });
  });
}
