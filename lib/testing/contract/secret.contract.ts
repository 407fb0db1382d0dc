import type { SessionStore } from '../../session/session-store.js';
import { changes, LONG, newHash, newSession } from './records.js';
import type { Contract } from './contract.js';

/** Every operation with a secret that has been replaced is refused. */
export function describeSecrets({ harness, describe, it, expect }: Contract): void {
  const life = { defaultIdleTimeoutInMilliseconds: LONG };
  const operations: [string, (store: SessionStore, id: string, secretHash: string) => Promise<unknown>][] = [
    ['a save', (store, id, secretHash) => store.save(id, changes({ a: '2' }, { secretHash }))],
    [
      'a save after a touch',
      (store, id, secretHash) => store.save(id, changes({ a: '2' }, { secretHash, touched: true })),
    ],
    [
      'a save that removes an attribute',
      (store, id, secretHash) => store.save(id, changes({ a: '2', b: undefined }, { secretHash })),
    ],
    [
      'a save that sets an idle timeout',
      (store, id, secretHash) =>
        store.save(id, changes({}, { secretHash, idleTimeoutInMilliseconds: 5_000 })),
    ],
    [
      'a save that rotates',
      (store, id, secretHash) => store.save(id, changes({}, { secretHash, newSecretHash: newHash() })),
    ],
    ['a touch', (store, id, secretHash) => store.touch(id, { ...life, secretHash })],
    ['a destroy', (store, id, secretHash) => store.destroy(id, secretHash)],
  ];

  describe('an operation that expects a secret', () => {
    it.each(operations)(
      'is refused after the secret was replaced, and changes nothing: %s',
      async (_, operate) => {
        const { store } = harness();
        const session = newSession({ a: '1', b: '1' });
        await store.create(session);
        const rotate = { secretHash: session.secretHash, newSecretHash: newHash() };
        await store.save(session.id, changes({}, rotate));
        const before = await store.load(session.id);
        expect(await operate(store, session.id, session.secretHash)).toBe('conflict');
        expect(await store.load(session.id)).toEqual(before);
      },
    );

    it.each(operations)('is executed while the secret matches: %s', async (_, operate) => {
      const { store } = harness();
      const session = newSession({ a: '1', b: '1' });
      await store.create(session);
      expect([true, 'saved']).toContain(await operate(store, session.id, session.secretHash));
    });

    it.each(operations)('finds no session after it was destroyed: %s', async (_, operate) => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      await store.destroy(session.id);
      expect([false, 'gone']).toContain(await operate(store, session.id, session.secretHash));
      expect(await store.load(session.id)).toBeUndefined();
    });

    it('is refused for the renewal of a lock, too', async () => {
      const { store } = harness();
      const session = newSession();
      await store.create(session);
      const lock = { token: newHash().slice(0, 22), leaseInMilliseconds: 30_000, waitInMilliseconds: 0 };
      await store.loadExclusive(session.id, lock);
      expect(await store.renewLock(session.id, lock, session.secretHash)).toBe(true);
      expect(await store.renewLock(session.id, lock, newHash())).toBe(false);
    });

    it('keeps the lock of a session that it must not destroy', async () => {
      const { store } = harness();
      const session = newSession();
      await store.create(session);
      const lock = { token: newHash().slice(0, 22), leaseInMilliseconds: 30_000, waitInMilliseconds: 0 };
      await store.loadExclusive(session.id, lock);
      expect(await store.destroy(session.id, newHash())).toBe('conflict');
      expect(await store.renewLock(session.id, lock)).toBe(true);
    });
  });
}
