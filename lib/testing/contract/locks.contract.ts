import type { SessionStore } from '../../session/session-store.js';
import { attributesOf, changes, newHash, newSession, LONG } from './records.js';
import type { Contract } from './contract.js';

/** A token and its lease, with a longer wait than any test needs. */
function request(rest: { leaseInMilliseconds?: number; waitInMilliseconds?: number } = {}) {
  return { token: newHash().slice(0, 22), leaseInMilliseconds: 30_000, waitInMilliseconds: 10_000, ...rest };
}

const atOnce = { waitInMilliseconds: 0 };
const released = (token: string) => ({ lock: { token, release: true } });
const kept = (token: string) => ({ lock: { token, release: false } });

/** One holder at a time, by a random token, for a lease. */
export function describeLocks({ harness, describe, it, expect, times }: Contract): void {
  async function stored(
    attributes: Record<string, string> = {},
  ): Promise<{ store: SessionStore; id: string }> {
    const { store } = harness();
    const session = newSession(attributes);
    await store.create(session);
    return { store, id: session.id };
  }

  describe('acquiring the lock of a session', () => {
    it('loads the session under the lock', async () => {
      const { store, id } = await stored({ a: '1' });
      expect(await store.loadExclusive(id, request())).toEqual(await store.load(id));
    });

    it('is refused to another token while it is held', async () => {
      const { store, id } = await stored();
      await store.loadExclusive(id, request());
      expect(await store.loadExclusive(id, request(atOnce))).toBe('locked');
      expect(await store.loadExclusive(id, request({ waitInMilliseconds: 30 }))).toBe('locked');
    });

    it('is granted to its holder again', async () => {
      const { store, id } = await stored({ a: '1' });
      const lock = request();
      await store.loadExclusive(id, lock);
      expect(await store.loadExclusive(id, lock)).toEqual(await store.load(id));
    });

    it('returns undefined if the session does not exist, and leaves no lock', async () => {
      const { store } = harness();
      const session = newSession();
      expect(await store.loadExclusive(session.id, request())).toBeUndefined();
      await store.create(session);
      expect(await store.loadExclusive(session.id, request(atOnce))).toMatchObject({ id: session.id });
    });

    it('does not block reads, and writes without a lock', async () => {
      const { store, id } = await stored({ a: '1' });
      await store.loadExclusive(id, request());
      expect(await store.save(id, changes({ b: '2' }))).toBe('saved');
      expect(await attributesOf(store, id)).toEqual(new Map(Object.entries({ a: '1', b: '2' })));
    });

    it('does not slide the expiry, whether it is granted or refused', async () => {
      const { store, elapse } = harness();
      const session = newSession({}, { defaultIdleTimeoutInMilliseconds: times.short });
      await store.create(session);
      await elapse(times.part);
      const holder = request();
      await store.loadExclusive(session.id, holder);
      expect(await store.loadExclusive(session.id, request({ waitInMilliseconds: 10 }))).toBe('locked');
      await elapse(times.part);
      expect(await store.load(session.id)).toBeUndefined();
    });
  });

  describe('waiting for the lock of a session', () => {
    it('ends when its holder releases it', async () => {
      const { store, id } = await stored({ a: '1' });
      const [holder, waiter] = [request(), request()];
      await store.loadExclusive(id, holder);
      const waiting = store.loadExclusive(id, waiter);
      await store.releaseLock(id, holder.token);
      expect(await waiting).toEqual(await store.load(id));
      expect(await store.renewLock(id, waiter)).toBe(true);
    });

    it('returns what the holder has saved', async () => {
      const { store, id } = await stored({ a: '1' });
      const holder = request();
      await store.loadExclusive(id, holder);
      const waiting = store.loadExclusive(id, request());
      await store.save(id, changes({ a: '2' }, released(holder.token)));
      expect(await waiting).toMatchObject({ attributes: new Map([['a', '2']]) });
    });

    it('returns undefined when the session is destroyed', async () => {
      const { store, id } = await stored();
      await store.loadExclusive(id, request());
      const waiting = [store.loadExclusive(id, request()), store.loadExclusive(id, request())];
      await store.destroy(id);
      expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    });

    it('ends when the lease of its holder does', async () => {
      const { store, id } = await stored();
      const dead = request({ leaseInMilliseconds: times.short });
      await store.loadExclusive(id, dead);
      const waiting = store.loadExclusive(id, request());
      await harness().elapse(times.past);
      expect(await waiting).toMatchObject({ id });
      expect(await store.renewLock(id, dead)).toBe(false);
    });

    it('grants the lock to all waiters, one at a time', async () => {
      const { store, id } = await stored({ n: '0' });
      const increment = async (): Promise<void> => {
        const lock = request();
        const record = await store.loadExclusive(id, lock);
        if (typeof record !== 'object') throw new Error(String(record));
        const n = String(Number(record.attributes.get('n')) + 1);
        expect(await store.save(id, changes({ n }, released(lock.token)))).toBe('saved');
      };
      await Promise.all(Array.from({ length: 20 }, increment));
      expect(await attributesOf(store, id)).toEqual(new Map([['n', '20']]));
    });

    it('ends when its signal is aborted, and the next waiter moves up', async () => {
      const { store, id } = await stored();
      const holder = request();
      await store.loadExclusive(id, holder);
      const leaving = new AbortController();
      const left = request();
      const waiting = store.loadExclusive(id, { ...left, signal: leaving.signal });
      const next = store.loadExclusive(id, request());
      leaving.abort();
      expect(await waiting).toBe('locked');
      await store.releaseLock(id, holder.token);
      expect(await next).toMatchObject({ id });
      expect(await store.renewLock(id, left)).toBe(false);
    });

    it('does not start if its signal is already aborted', async () => {
      const { store, id } = await stored();
      const holder = request();
      await store.loadExclusive(id, holder);
      expect(await store.loadExclusive(id, { ...request(), signal: AbortSignal.abort() })).toBe('locked');
      await store.releaseLock(id, holder.token);
      expect(await store.loadExclusive(id, request(atOnce))).toMatchObject({ id });
    });

    it('leaves nothing behind after a timeout', async () => {
      const { store, id } = await stored();
      const holder = request();
      await store.loadExclusive(id, holder);
      const refused = request({ waitInMilliseconds: 20 });
      expect(await store.loadExclusive(id, refused)).toBe('locked');
      await store.releaseLock(id, holder.token);
      expect(await store.renewLock(id, refused)).toBe(false);
      expect(await store.loadExclusive(id, request(atOnce))).toMatchObject({ id });
    });
  });

  describe('the lease of a lock', () => {
    it('ends by itself', async () => {
      const { store, id } = await stored();
      await store.loadExclusive(id, request({ leaseInMilliseconds: times.short }));
      await harness().elapse(times.past);
      expect(await store.loadExclusive(id, request(atOnce))).toMatchObject({ id });
    });

    it('starts again at a renewal', async () => {
      const { store, id } = await stored();
      const lock = request({ leaseInMilliseconds: times.short });
      await store.loadExclusive(id, lock);
      await harness().elapse(times.part);
      expect(await store.renewLock(id, lock)).toBe(true);
      await harness().elapse(times.part);
      expect(await store.loadExclusive(id, request(atOnce))).toBe('locked');
    });

    it('cannot be renewed by a token that does not hold it', async () => {
      const { store, id } = await stored();
      expect(await store.renewLock(id, request())).toBe(false);
      await store.loadExclusive(id, request());
      expect(await store.renewLock(id, request())).toBe(false);
    });
  });

  describe('releasing a lock', () => {
    it('frees it', async () => {
      const { store, id } = await stored();
      const lock = request();
      await store.loadExclusive(id, lock);
      await store.releaseLock(id, lock.token);
      expect(await store.loadExclusive(id, request(atOnce))).toMatchObject({ id });
    });

    it('is possible only for its holder', async () => {
      const { store, id } = await stored();
      const lock = request();
      await store.loadExclusive(id, lock);
      await store.releaseLock(id, request().token);
      expect(await store.renewLock(id, lock)).toBe(true);
    });

    it('is part of destroying the session', async () => {
      const { store } = harness();
      const session = newSession();
      await store.create(session);
      const lock = request();
      await store.loadExclusive(session.id, lock);
      expect(await store.destroy(session.id)).toBe(true);
      expect(await store.renewLock(session.id, lock)).toBe(false);
      await store.create(newSession({}, { id: session.id }));
      expect(await store.loadExclusive(session.id, request(atOnce))).toMatchObject({ id: session.id });
    });
  });

  describe('a save under a lock', () => {
    it('keeps the lock unless it is told to release it', async () => {
      const { store, id } = await stored();
      const lock = request();
      await store.loadExclusive(id, lock);
      expect(await store.save(id, changes({ a: '1' }, kept(lock.token)))).toBe('saved');
      expect(await store.loadExclusive(id, request(atOnce))).toBe('locked');
      expect(await store.save(id, changes({ a: '2' }, released(lock.token)))).toBe('saved');
      expect(await store.loadExclusive(id, request(atOnce))).toMatchObject({
        attributes: new Map([['a', '2']]),
      });
    });

    it('is refused when the lease has ended, and writes nothing', async () => {
      const { store, id } = await stored({ a: '1' });
      const lock = request({ leaseInMilliseconds: times.short });
      await store.loadExclusive(id, lock);
      await harness().elapse(times.past);
      const late = changes({ a: '2', b: '2' }, { idleTimeoutInMilliseconds: LONG, ...released(lock.token) });
      const before = await store.load(id);
      expect(await store.save(id, late)).toBe('lock-lost');
      expect(await store.load(id)).toEqual(before);
    });

    it('is refused while another token holds the lock, which keeps it', async () => {
      const { store, id } = await stored({ a: '1' });
      const [slow, next] = [request({ leaseInMilliseconds: times.short }), request()];
      await store.loadExclusive(id, slow);
      await harness().elapse(times.past);
      await store.loadExclusive(id, next);
      expect(await store.save(id, changes({ a: '2' }, released(slow.token)))).toBe('lock-lost');
      expect(await attributesOf(store, id)).toEqual(new Map([['a', '1']]));
      expect(await store.renewLock(id, next)).toBe(true);
    });

    it('that conflicts keeps the lock', async () => {
      const { store, id } = await stored();
      const lock = request();
      await store.loadExclusive(id, lock);
      const rotate = { secretHash: newHash(), newSecretHash: newHash() };
      expect(await store.save(id, changes({}, { ...rotate, ...released(lock.token) }))).toBe('conflict');
      expect(await store.renewLock(id, lock)).toBe(true);
    });

    it('is refused after a save that released the lock', async () => {
      const { store, id } = await stored({ n: '1' });
      const lock = request();
      await store.loadExclusive(id, lock);
      await store.save(id, changes({ n: '2' }, released(lock.token)));
      expect(await store.save(id, changes({ n: '3' }, kept(lock.token)))).toBe('lock-lost');
      expect(await attributesOf(store, id)).toEqual(new Map([['n', '2']]));
    });

    it('succeeds without a change when it is repeated after it released the lock', async () => {
      const { store, id } = await stored({ n: '1' });
      const lock = request();
      await store.loadExclusive(id, lock);
      const save = changes({ n: '2' }, released(lock.token));
      expect(await store.save(id, save)).toBe('saved');
      const next = request();
      await store.loadExclusive(id, next);
      await store.save(id, changes({ n: '3' }, kept(next.token)));
      expect(await store.save(id, save)).toBe('saved');
      expect(await attributesOf(store, id)).toEqual(new Map([['n', '3']]));
      expect(await store.renewLock(id, next)).toBe(true);
    });
  });
}
