import { changes, LONG, newHash, newSession } from './records.js';
import type { Contract } from './contract.js';

/** What a session knows of its device changes only under the secret, and only from what was expected. */
export function describeDevice({ harness, describe, it, expect, times }: Contract): void {
  const created = async (attributes = {}, rest = {}) => {
    const session = newSession(attributes, rest);
    await harness().store.create(session);
    return session;
  };

  describe('the device of a session', () => {
    it('is stored for a session that has none, and is no attribute', async () => {
      const { store } = harness();
      const { id, secretHash } = await created({ a: '1' });
      expect((await store.load(id))?.device).toBeUndefined();
      expect(await store.bindDevice!(id, { secretHash, expected: undefined, device: 'one' })).toBe('bound');
      const record = await store.load(id);
      expect(record?.device).toBe('one');
      expect(record?.attributes).toEqual(new Map([['a', '1']]));
    });

    it('survives saves and rotations', async () => {
      const { store } = harness();
      const { id, secretHash } = await created();
      await store.bindDevice!(id, { secretHash, expected: undefined, device: 'one' });
      await store.save(id, changes({ a: '2' }, { secretHash }));
      await store.save(id, changes({}, { secretHash, newSecretHash: newHash() }));
      expect((await store.load(id))?.device).toBe('one');
    });

    it('is not replaced by a change that expects none, or another one', async () => {
      const { store } = harness();
      const { id, secretHash } = await created();
      await store.bindDevice!(id, { secretHash, expected: undefined, device: 'one' });
      expect(await store.bindDevice!(id, { secretHash, expected: undefined, device: 'two' })).toBe('taken');
      expect(await store.bindDevice!(id, { secretHash, expected: 'zero', device: 'two' })).toBe('taken');
      expect((await store.load(id))?.device).toBe('one');
    });

    it('is replaced by a change that expects it, and by one of two at once', async () => {
      const { store } = harness();
      const { id, secretHash } = await created();
      await store.bindDevice!(id, { secretHash, expected: undefined, device: 'one' });
      const outcomes = await Promise.all(
        ['two', 'three'].map((device) => store.bindDevice!(id, { secretHash, expected: 'one', device })),
      );
      expect(outcomes.toSorted()).toEqual(['bound', 'taken']);
    });

    it('is bound once by a change that is sent twice, and a late copy undoes nothing', async () => {
      const { store } = harness();
      const { id, secretHash } = await created();
      const first = { secretHash, expected: undefined, device: 'one' };
      expect(await store.bindDevice!(id, first)).toBe('bound');
      expect(await store.bindDevice!(id, first)).toBe('bound');
      await store.bindDevice!(id, { secretHash, expected: 'one', device: 'two' });
      expect(await store.bindDevice!(id, first)).toBe('taken');
      expect((await store.load(id))?.device).toBe('two');
    });

    it('is refused after the secret was replaced', async () => {
      const { store } = harness();
      const { id, secretHash } = await created();
      await store.save(id, changes({}, { secretHash, newSecretHash: newHash() }));
      expect(await store.bindDevice!(id, { secretHash, expected: undefined, device: 'one' })).toBe(
        'conflict',
      );
      expect((await store.load(id))?.device).toBeUndefined();
    });

    it('does not bring back a session that was destroyed', async () => {
      const { store } = harness();
      const { id, secretHash } = await created();
      await store.destroy(id);
      expect(await store.bindDevice!(id, { secretHash, expected: undefined, device: 'one' })).toBe('gone');
      expect(await store.load(id)).toBeUndefined();
    });

    it('is bound without a touch', async () => {
      const { store, elapse } = harness();
      const short = await created({}, { defaultIdleTimeoutInMilliseconds: times.short });
      const long = await created({}, { defaultIdleTimeoutInMilliseconds: LONG });
      await elapse(times.part);
      for (const { id, secretHash } of [short, long])
        await store.bindDevice!(id, { secretHash, expected: undefined, device: 'one' });
      await elapse(times.part);
      expect(await store.load(short.id)).toBeUndefined();
      expect((await store.load(long.id))?.device).toBe('one');
    });
  });
}
