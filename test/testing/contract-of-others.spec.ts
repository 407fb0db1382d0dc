import { describe, expect, it, jest } from '@jest/globals';
import type { SaveOutcome, SessionChanges, SessionRecord } from 'nestjs-redis-session';
import { sessionStoreContract } from 'nestjs-redis-session/testing';
import { CollectedTests } from './collected-tests.js';
import { MapStore } from './map.store.js';

const without = ['index', 'devices', 'remaining'] as const;

function storesOf(Store: typeof MapStore) {
  let time = Date.now();
  const now = () => time;
  return {
    store: new Store(now),
    other: new Store(now),
    elapse(milliseconds: number) {
      time += milliseconds;
    },
  };
}

// With the global functions of the runner, as in a project of its own.
sessionStoreContract({ name: 'MapStore', create: () => storesOf(MapStore), without });

/** Brings back what another request has destroyed. */
class RestoringStore extends MapStore {
  readonly #all = new Map<string, SessionRecord>();

  override async save(id: string, changes: SessionChanges): Promise<SaveOutcome> {
    const before = await this.load(id);
    if (before !== undefined) this.#all.set(id, before);
    else if (this.#all.has(id)) {
      await this.create({ ...this.#all.get(id)!, ...changes, attributes: new Map(), indexed: undefined });
      return 'saved';
    }
    return super.save(id, changes);
  }
}

/** Gives the lock to whoever asks. */
class UnlockedStore extends MapStore {
  override async loadExclusive(id: string): Promise<SessionRecord | undefined> {
    return this.load(id);
  }
}

/** Reads what has expired. */
class ImmortalStore extends MapStore {
  override async load(id: string): Promise<SessionRecord | undefined> {
    return this.sessions.get(id)?.record;
  }
}

describe('the contract of a session store', () => {
  it.each([
    ['restores what was destroyed', RestoringStore, /a session that was destroyed during a request/],
    ['gives one lock to several requests', UnlockedStore, /the lock of a session/],
    ['returns sessions that have expired', ImmortalStore, /timeout/],
  ])('fails a store that %s', async (_, Store, title) => {
    const tests = new CollectedTests();
    sessionStoreContract({
      name: Store.name,
      create: () => storesOf(Store),
      without,
      runner: tests.runner,
      shortTimeoutInMilliseconds: 300,
    });
    const failures = await tests.failures();
    expect(failures.filter((failed) => title.test(failed))).not.toEqual([]);
    expect(failures.length).toBeLessThan(tests.titles.length / 2);
  });

  it('closes both stores unless the harness does', async () => {
    const tests = new CollectedTests();
    const close = jest.fn();
    const stores = [storesOf(MapStore).store, storesOf(MapStore).store];
    for (const store of stores) Object.assign(store, { close });
    const [store, other] = stores as [MapStore, MapStore];
    const all = ['life', 'attributes', 'rotation', 'secrets', 'repeatedWrites', 'expiry', 'locks'] as const;
    sessionStoreContract({
      name: 'closed',
      create: () => ({ store, other }),
      without: [...without, ...all, 'authentication'],
      runner: tests.runner,
    });
    expect(await tests.failures()).toEqual([]);
    expect(close).toHaveBeenCalledTimes(2);
  });

  it('names the functions that the test runner does not provide', () => {
    const runner = { beforeAll: 'none' as never, it: 'none' as never };
    expect(() => sessionStoreContract({ name: 'x', create: () => storesOf(MapStore), runner })).toThrow(
      'sessionStoreContract() found no global it, beforeAll. Pass the functions of your test runner: sessionStoreContract({ runner: { describe, it, expect, beforeAll, afterAll }, … }).',
    );
  });
});
