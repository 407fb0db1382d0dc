import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySessionStore } from 'nestjs-redis-session';
import { getEventListeners } from 'node:events';
import { SessionLocks, type SessionLockPolicy } from '../../lib/session/session-locks.js';
import { eventually } from '../support/eventually.js';
import { watch } from './session-fixture.js';

const policy: SessionLockPolicy = {
  leaseInMilliseconds: 30_000,
  maxHoldInMilliseconds: 300_000,
  waitTimeoutInMilliseconds: 10_000,
  maxWaiters: 50,
};
const id = 'session';
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('session locks in one process', () => {
  let inner: InMemorySessionStore;
  let watched: ReturnType<typeof watch>;

  beforeEach(async () => {
    inner = new InMemorySessionStore();
    watched = watch(inner);
    await create();
  });
  afterEach(() => inner.close());

  function create(name = id) {
    return inner.create({
      id: name,
      secretHash: 'hash',
      defaultIdleTimeoutInMilliseconds: 600_000,
      attributes: new Map(),
    });
  }

  const locks = (rest: Partial<SessionLockPolicy> = {}) =>
    new SessionLocks(watched.store, { ...policy, ...rest });
  const asked = () => watched.methods().filter((method) => method === 'loadExclusive').length;

  it('are granted in the order of the requests, with one call of the store for each', async () => {
    const all = locks();
    const order: number[] = [];
    await Promise.all(
      [0, 1, 2, 3, 4].map(async (place) => {
        const held = await all.acquire(id);
        order.push(place);
        expect(asked()).toBe(place + 1);
        await held!.lock.release();
      }),
    );
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it('skip a waiter that gave up', async () => {
    const all = locks({ waitTimeoutInMilliseconds: 20 });
    const held = await all.acquire(id);
    await expect(all.acquire(id)).rejects.toMatchObject({
      code: 'SESSION_LOCK_TIMEOUT',
      retryAfterInSeconds: 1,
    });
    const next = all.acquire(id);
    await held!.lock.release();
    expect(await next).toBeDefined();
    expect(asked()).toBe(2);
  });

  it('are not granted after the wait timeout if another process holds them', async () => {
    const held = await locks().acquire(id);
    const impatient = locks({ waitTimeoutInMilliseconds: 20 });
    await expect(impatient.acquire(id)).rejects.toMatchObject({ code: 'SESSION_LOCK_TIMEOUT' });
    await held!.lock.release();
    expect(await impatient.acquire(id)).toBeDefined();
  });

  it('are refused at once if no waiters are allowed', async () => {
    const none = locks({ maxWaiters: 0 });
    const held = await none.acquire(id);
    await expect(none.acquire(id)).rejects.toMatchObject({ code: 'SESSION_LOCK_TIMEOUT', statusCode: 423 });
    await expect(locks({ maxWaiters: 0 }).acquire(id)).rejects.toMatchObject({ statusCode: 423 });
    await held!.lock.release();
  });

  it('go to the next waiter when the store fails', async () => {
    const all = locks();
    watched.before = (method) => {
      if (method === 'loadExclusive' && asked() === 1) throw new Error('away');
    };
    const [failed, next] = await Promise.allSettled([all.acquire(id), all.acquire(id)]);
    expect([failed.status, next.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('go to the next waiter when releasing them fails', async () => {
    const all = locks();
    const held = await all.acquire(id);
    watched.before = (method) => {
      if (method === 'releaseLock') throw new Error('away');
    };
    const next = all.acquire(id);
    await expect(held!.lock.release()).rejects.toThrow('away');
    await inner.releaseLock(id, held!.lock.token);
    expect(await next).toBeDefined();
  });

  it('are undefined for every waiter if the session is gone', async () => {
    const all = locks();
    const { lock } = (await all.acquire(id))!;
    const waiting = [all.acquire(id), all.acquire(id)];
    await inner.destroy(id);
    lock.ended();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    await create();
    expect(await all.acquire(id)).toBeDefined();
  });

  it('are released once, however often release() is called', async () => {
    const all = locks();
    const { lock } = (await all.acquire(id))!;
    await Promise.all([lock.release(), lock.release()]);
    lock.ended();
    expect(watched.methods()).toEqual(['loadExclusive', 'releaseLock']);
  });

  describe('in whose queue a client disconnects', () => {
    it('remove its request from the queue, and the next waiter moves up', async () => {
      const all = locks();
      const held = await all.acquire(id);
      const leaving = new AbortController();
      const order: string[] = [];
      const left = all.acquire(id, leaving.signal).catch((error: { code: string }) => order.push(error.code));
      const next = all.acquire(id).then(() => order.push('next'));
      leaving.abort();
      await left;
      await held!.lock.release();
      await next;
      expect(order).toEqual(['SESSION_LOCK_TIMEOUT', 'next']);
      expect(asked()).toBe(2);
    });

    it('remove its request from the queue in the store, too', async () => {
      const held = await locks().acquire(id);
      const leaving = new AbortController();
      const left = locks().acquire(id, leaving.signal);
      const next = locks().acquire(id);
      leaving.abort();
      await expect(left).rejects.toMatchObject({ code: 'SESSION_LOCK_TIMEOUT' });
      await held!.lock.release();
      expect(await next).toBeDefined();
    });

    it('are not requested for a client that disconnected before', async () => {
      const all = locks();
      const held = await all.acquire(id);
      await expect(all.acquire(id, AbortSignal.abort())).rejects.toMatchObject({
        code: 'SESSION_LOCK_TIMEOUT',
      });
      await held!.lock.release();
      expect(asked()).toBe(1);
    });

    it('leave no timer, listener or queue entry behind when 10000 waiters of 1000 sessions give up', async () => {
      const before = timers();
      const all = locks();
      const ids = Array.from({ length: 1000 }, (_, n) => `session-${n}`);
      await Promise.all(ids.map(create));
      const held = await Promise.all(ids.map((name) => all.acquire(name)));
      const clients = ids.flatMap((name) =>
        Array.from({ length: 10 }, () => ({ name, leaving: new AbortController() })),
      );
      const waiting = clients.map(({ name, leaving }) => all.acquire(name, leaving.signal));
      const listeners = () => clients.flatMap(({ leaving }) => getEventListeners(leaving.signal, 'abort'));
      const outcomes = Promise.allSettled(waiting);
      expect(listeners()).toHaveLength(10_000);
      for (const { leaving } of clients) leaving.abort();
      expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true);
      expect(listeners()).toHaveLength(0);
      expect(timers()).toBe(before);
      await Promise.all(held.map((session) => session!.lock.release()));
      expect(asked()).toBe(1000);
      expect(await Promise.all(ids.map((name) => all.acquire(name)))).not.toContain(undefined);
    });
  });

  describe('whose holder hangs', () => {
    const short = { leaseInMilliseconds: 90, maxHoldInMilliseconds: 150 };

    it('go to the next waiter after maxHoldInMilliseconds', async () => {
      const all = locks(short);
      const { lock } = (await all.acquire(id))!;
      expect(await all.acquire(id)).toBeDefined();
      expect(await inner.renewLock(id, { token: lock.token, leaseInMilliseconds: 1 })).toBe(false);
    });

    it('are released once and not renewed any more', async () => {
      const { lock } = (await locks(short).acquire(id))!;
      await eventually(() => expect(watched.methods()).toContain('releaseLock'));
      await lock.release();
      const calls = watched.methods();
      await locks(short).acquire(id);
      expect(calls.filter((method) => method === 'releaseLock')).toHaveLength(1);
      expect(watched.methods().slice(calls.length)).toEqual(['loadExclusive']);
    });
  });

  it('are requested again by the next waiter if another process took them', async () => {
    const all = locks({ leaseInMilliseconds: 30 });
    const { lock } = (await all.acquire(id))!;
    const next = all.acquire(id);
    await inner.releaseLock(id, lock.token);
    expect(await next).toBeDefined();
  });

  it('do not keep the process alive', async () => {
    const before = timers();
    await locks().acquire(id);
    expect(timers()).toBe(before);
  });
});
