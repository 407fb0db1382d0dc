import { sessionStoreContract } from 'nestjs-redis-session/testing';
import { Observation } from '../../lib/observed/observation.js';
import { ObservedSessionStore } from '../../lib/observed/observed-session-store.js';
import { InMemorySessionStore } from '../../lib/memory/in-memory-session.store.js';
import { RecordingObserver } from '../observed/recording.observer.js';

// What is observed behaves as before.
sessionStoreContract({
  name: 'ObservedSessionStore',
  create: () => {
    let now = Date.now();
    const stores = [
      new InMemorySessionStore({ now: () => now }),
      new InMemorySessionStore({ now: () => now }),
    ];
    const [store, other] = stores.map((observed) => {
      const source = { applicationName: 'shop', store: 'memory' } as const;
      return new ObservedSessionStore(
        observed,
        new Observation([new RecordingObserver()], source, () => undefined),
      );
    });
    return {
      store: store!,
      other: other!,
      async elapse(milliseconds) {
        now += milliseconds;
      },
      async close() {
        for (const observed of stores) observed.close();
      },
    };
  },
});
