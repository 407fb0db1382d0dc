import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySessionStore } from 'nestjs-redis-session';
import { SessionLocks, type SessionLockPolicy } from '../../lib/session/session-locks.js';
import { watch } from './session-fixture.js';

const policy = { leaseInMilliseconds: 30_000, waitTimeoutInMilliseconds: 10_000, maxWaiters: 50 };
const id = 'session';
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('the locks of sessions, in one process', () => {
  let inner: InMemorySessionStore;
  let watched: ReturnType<typeof watch>;

  beforeEach(async () => {
    inner = new InMemorySessionStore();
    watched = watch(inner);
    await create();
  });
  afterEach(() => inner.close());

  function create() {
    return inner.create({
      id,
      secretHash: 'hash',
      defaultIdleTimeoutInMilliseconds: 600_000,
      attributes: new Map(),
    });
  }

  const locks = (rest: Partial<SessionLockPolicy> = {}) =>
    new SessionLocks(watched.store, { ...policy, ...rest });
  const asked = () => watched.methods().filter((method) => method === 'loadExclusive').length;

  it('are given in the order in which they were asked for, and the store is asked once for each', async () => {
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

  it('pass over one who gave up', async () => {
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

  it('are waited for no longer where another process holds them', async () => {
    const held = await locks().acquire(id);
    const impatient = locks({ waitTimeoutInMilliseconds: 20 });
    await expect(impatient.acquire(id)).rejects.toMatchObject({ code: 'SESSION_LOCK_TIMEOUT' });
    await held!.lock.release();
    expect(await impatient.acquire(id)).toBeDefined();
  });

  it('are not waited for where nobody may wait', async () => {
    const none = locks({ maxWaiters: 0 });
    const held = await none.acquire(id);
    await expect(none.acquire(id)).rejects.toMatchObject({ code: 'SESSION_LOCK_TIMEOUT', statusCode: 423 });
    await expect(locks({ maxWaiters: 0 }).acquire(id)).rejects.toMatchObject({ statusCode: 423 });
    await held!.lock.release();
  });

  it('go to the next one when the store fails', async () => {
    const all = locks();
    watched.before = (method) => {
      if (method === 'loadExclusive' && asked() === 1) throw new Error('away');
    };
    const [failed, next] = await Promise.allSettled([all.acquire(id), all.acquire(id)]);
    expect([failed.status, next.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('go to the next one when releasing them fails', async () => {
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

  it('are nothing where the session is gone, for everybody who waits', async () => {
    const all = locks();
    const { lock } = (await all.acquire(id))!;
    const waiting = [all.acquire(id), all.acquire(id)];
    await inner.destroy(id);
    lock.ended();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    await create();
    expect(await all.acquire(id)).toBeDefined();
  });

  it('are released once, however often they are told to', async () => {
    const all = locks();
    const { lock } = (await all.acquire(id))!;
    await Promise.all([lock.release(), lock.release()]);
    lock.ended();
    expect(watched.methods()).toEqual(['loadExclusive', 'releaseLock']);
  });

  it('keep no process alive', async () => {
    const before = timers();
    await locks().acquire(id);
    expect(timers()).toBe(before);
  });
});
