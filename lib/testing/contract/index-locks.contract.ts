import { newLockToken } from '../../session/session-credential.js';
import type { IndexKey, SessionIndex } from '../../session/session-index.js';
import { LONG, newHash } from './records.js';
import type { Contract } from './contract.js';

const newUser = (): IndexKey => ({ index: 'user', value: newHash() });
const request = (rest: object = {}) => ({
  token: newLockToken(),
  leaseInMilliseconds: LONG,
  waitInMilliseconds: 0,
  ...rest,
});

/** The locks under which the sessions of a user are counted: for stores with `index`. */
export function describeIndexLocks({ harness, describe, it, expect, times }: Contract): void {
  const index = (): SessionIndex => harness().store.index!;

  describe('the lock of a value in an index', () => {
    it('is held by one token at a time', async () => {
      const [key, holder, other] = [newUser(), request(), request()];
      expect(await index().lock(key, holder)).toBe(true);
      expect(await index().lock(key, other)).toBe(false);
      expect(await index().unlock(key, other.token)).toBe(false);
      expect(await index().unlock(key, holder.token)).toBe(true);
      expect(await index().lock(key, other)).toBe(true);
    });

    it('is of this value in this index of this application only', async () => {
      const key = newUser();
      expect(await index().lock(key, request())).toBe(true);
      expect(await index().lock(newUser(), request())).toBe(true);
      expect(await index().lock({ ...key, index: 'idp' }, request())).toBe(true);
      expect(await harness().other.index!.lock(key, request())).toBe(true);
    });

    it('is given to those who wait for it, in the order in which they came', async () => {
      const [key, holder] = [newUser(), request()];
      await index().lock(key, holder);
      const order: number[] = [];
      const waiting: Promise<void>[] = [];
      for (const place of [1, 2, 3]) {
        const waiter = request({ waitInMilliseconds: LONG });
        const turn = index()
          .lock(key, waiter)
          .then(async (held) => {
            expect(held).toBe(true);
            order.push(place);
            expect(await index().unlock(key, waiter.token)).toBe(true);
          });
        waiting.push(turn);
        // A look of its own: the waiters stand in the queue one after the other.
        expect(await index().lock(key, request())).toBe(false);
      }
      expect(await index().unlock(key, holder.token)).toBe(true);
      await Promise.all(waiting);
      expect(order).toEqual([1, 2, 3]);
    });

    it('ends with its lease, and its holder is told', async () => {
      const [key, dead] = [newUser(), request({ leaseInMilliseconds: times.short })];
      await index().lock(key, dead);
      const next = request({ waitInMilliseconds: LONG });
      const waiting = index().lock(key, next);
      await harness().elapse(times.past);
      expect(await waiting).toBe(true);
      expect(await index().unlock(key, dead.token)).toBe(false);
      expect(await index().unlock(key, next.token)).toBe(true);
    });

    it('gets a new lease if its holder takes it again', async () => {
      const [key, holder] = [newUser(), request({ leaseInMilliseconds: times.short })];
      await index().lock(key, holder);
      await harness().elapse(times.part);
      expect(await index().lock(key, holder)).toBe(true);
      await harness().elapse(times.part);
      expect(await index().lock(key, request())).toBe(false);
      expect(await index().unlock(key, holder.token)).toBe(true);
    });

    it('is not given to those who stopped waiting', async () => {
      const [key, holder] = [newUser(), request()];
      await index().lock(key, holder);
      expect(await index().lock(key, request({ waitInMilliseconds: 20 }))).toBe(false);
      expect(await index().unlock(key, holder.token)).toBe(true);
      expect(await index().lock(key, request())).toBe(true);
    });

    it('says that it was not held after it was released', async () => {
      const [key, holder] = [newUser(), request()];
      await index().lock(key, holder);
      expect(await index().unlock(key, holder.token)).toBe(true);
      expect(await index().unlock(key, holder.token)).toBe(false);
    });
  });
}
