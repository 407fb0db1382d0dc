import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sessionStoreContract } from 'nestjs-redis-session/testing';
import { InMemorySessionStore } from '../../lib/memory/in-memory-session.store.js';
import { changes, newSession } from '../../lib/testing/contract/records.js';

sessionStoreContract({
  name: 'InMemorySessionStore',
  create: () => {
    let now = Date.now();
    return {
      store: new InMemorySessionStore({ now: () => now }),
      other: new InMemorySessionStore({ now: () => now }),
      elapse(milliseconds) {
        now += milliseconds;
      },
    };
  },
});

describe('the memory of InMemorySessionStore', () => {
  const SHORT = 2400;
  const brief = { defaultIdleTimeoutInMilliseconds: SHORT };
  let store: InMemorySessionStore;
  beforeEach(() => {
    jest.useFakeTimers();
    store = new InMemorySessionStore();
  });
  afterEach(() => {
    store.close();
    jest.useRealTimers();
  });

  it('has no timer without sessions', async () => {
    expect(jest.getTimerCount()).toBe(0);
    const session = newSession();
    await store.create(session);
    await store.create(newSession({}, { id: session.id }));
    expect(jest.getTimerCount()).toBe(1);
    await store.destroy(session.id);
    expect(jest.getTimerCount()).toBe(0);
    await store.create(session);
    expect(jest.getTimerCount()).toBe(1);
  });

  it('frees expired sessions that nobody loads', async () => {
    await store.create(newSession({}, brief));
    const alive = newSession();
    await store.create(alive);
    expect(store.size).toBe(2);
    jest.advanceTimersByTime(60_000);
    expect(store.size).toBe(1);
    expect(await store.load(alive.id)).toBeDefined();
  });

  it('has no timer after the last session has expired', async () => {
    await store.create(newSession({}, brief));
    jest.advanceTimersByTime(60_000);
    expect(store.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('frees an expired session when somebody loads it', async () => {
    const session = newSession({}, brief);
    await store.create(session);
    jest.advanceTimersByTime(SHORT);
    expect(await store.save(session.id, changes({ a: '1' }))).toBe('gone');
    expect(store.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is empty and has no timer after close()', async () => {
    const session = newSession();
    await store.create(session);
    await store.create(newSession());
    store.close();
    expect(store.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
    expect(await store.save(session.id, changes({ a: '1' }))).toBe('gone');
  });

  it('does not keep the process alive', () => {
    jest.useRealTimers();
    const before = referencedTimers();
    void store.create(newSession());
    expect(store.size).toBe(1);
    expect(referencedTimers()).toBe(before);
  });
});

function referencedTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}
