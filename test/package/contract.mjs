// Runs the exported contract under node:test, with nothing of ours but the package. `expect` comes from the caller.
import { after, before, describe, it } from 'node:test';
import { InMemorySessionStore } from 'nestjs-redis-session';
import { sessionStoreContract } from 'nestjs-redis-session/testing';

const { expect } = await import(process.env.EXPECT);
let time = Date.now();

sessionStoreContract({
  name: 'InMemorySessionStore of the package',
  create: () => ({
    store: new InMemorySessionStore({ now: () => time }),
    other: new InMemorySessionStore({ now: () => time }),
    elapse: (milliseconds) => {
      time += milliseconds;
    },
  }),
  // Only the fast parts: in the others, waiters wait for a lease in real time.
  without: ['locks', 'index'],
  runner: { describe, it, expect, beforeAll: before, afterAll: after },
});
