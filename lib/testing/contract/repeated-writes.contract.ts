import { changes, newHash, newSession } from './records.js';
import type { Contract } from './contract.js';

/** An operation that is retried although it had succeeded changes nothing more. */
export function describeRepeatedWrites({ harness, describe, it, expect }: Contract): void {
  describe('a write that is sent twice', () => {
    it('creates one session, and returns the first time again', async () => {
      const { store, elapse } = harness();
      const session = newSession(
        { a: '1' },
        { idleTimeoutInMilliseconds: 70_000, absoluteTimeoutInMilliseconds: 90_000 },
      );
      const createdAt = await store.create(session);
      const before = await store.load(session.id);
      await elapse(20);
      expect(await store.create(session)).toBe(createdAt);
      expect(await store.load(session.id)).toEqual(before);
    });

    it('does not overwrite a later save with a create', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      const createdAt = await store.create(session);
      await store.save(session.id, changes({ a: '2', b: '2' }, { idleTimeoutInMilliseconds: 70_000 }));
      const before = await store.load(session.id);
      expect(await store.create(session)).toBe(createdAt);
      expect(await store.load(session.id)).toEqual(before);
    });

    it('does not overwrite a later rotation with a create', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      const rotate = { secretHash: session.secretHash, newSecretHash: newHash() };
      await store.save(session.id, changes({}, rotate));
      const before = await store.load(session.id);
      expect(await store.create(session)).toBeUndefined();
      expect(await store.load(session.id)).toEqual(before);
    });

    it('saves once', async () => {
      const { store } = harness();
      const session = newSession({ a: '1', b: '1' }, { absoluteTimeoutInMilliseconds: 90_000 });
      await store.create(session);
      const save = changes({ a: '2', b: undefined, c: '2' }, { idleTimeoutInMilliseconds: 70_000 });
      expect(await store.save(session.id, save)).toBe('saved');
      const before = await store.load(session.id);
      expect(await store.save(session.id, save)).toBe('saved');
      expect(await store.load(session.id)).toEqual(before);
    });

    it('rotates once, without a conflict with itself', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      const save = changes({ a: '2' }, { secretHash: session.secretHash, newSecretHash: newHash() });
      expect(await store.save(session.id, save)).toBe('saved');
      const before = await store.load(session.id);
      expect(await store.save(session.id, save)).toBe('saved');
      expect(await store.load(session.id)).toEqual(before);
    });

    it('does not overwrite a later save with a rotation', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      const save = changes({ a: '2' }, { secretHash: session.secretHash, newSecretHash: newHash() });
      await store.save(session.id, save);
      await store.save(session.id, changes({ a: '3' }));
      expect(await store.save(session.id, save)).toBe('saved');
      expect((await store.load(session.id))?.attributes).toEqual(new Map([['a', '3']]));
    });

    it('does not undo a later rotation', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      const [second, third] = [newHash(), newHash()];
      const save = changes({ a: '2' }, { secretHash: session.secretHash, newSecretHash: second });
      await store.save(session.id, save);
      await store.save(session.id, changes({ a: '3' }, { secretHash: second, newSecretHash: third }));
      const before = await store.load(session.id);
      expect(await store.save(session.id, save)).toBe('conflict');
      expect(await store.load(session.id)).toEqual(before);
    });

    it('touches with the same effect', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      const before = await store.load(session.id);
      expect(await store.touch(session.id, { defaultIdleTimeoutInMilliseconds: 10_000 })).toBe(true);
      expect(await store.touch(session.id, { defaultIdleTimeoutInMilliseconds: 10_000 })).toBe(true);
      expect(await store.load(session.id)).toEqual(before);
    });

    it('destroys once, and finds no session the second time', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      expect(await store.destroy(session.id)).toBe(true);
      expect(await store.destroy(session.id)).toBe(false);
      expect(await store.load(session.id)).toBeUndefined();
    });
  });
}
