import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { RedisSessionStore } from 'nestjs-redis-session';
import { isRetryable } from '../../lib/redis/redis-failure.js';
import { makeReadOnly, restartLoading, type Undo } from '../support/faults.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import {
  attemptsIn,
  createdIn,
  failureOf,
  noChanges,
  withConnection,
  type Connected,
} from './redis-fixture.js';

// Time for a second attempt (after 20 ms) and the last one.
const RETRY = { retryTimeoutInMilliseconds: 60 };
const ONCE = 1;
const AGAIN = 3;

describe('only errors that can be temporary are retried', () => {
  let server: RedisServer;
  const undo: Undo[] = [];
  beforeAll(async () => {
    server = await RedisServer.start({
      acl: ['reader on >pw ~* &* +@all -evalsha -eval', 'stranger on >pw ~other* &* +@all'],
    });
  });
  afterEach(async () => {
    for (const action of undo.splice(0)) await action();
  });
  afterAll(() => server?.stop());

  const connected = <T>(action: (connected: Connected) => Promise<T>, options = {}) =>
    withConnection({ port: server.port, ...RETRY, ...options }, action);

  it('wrong type: once', () =>
    connected(async ({ store, keyOf }) => {
      await server.admin.set(keyOf('x'.repeat(22)), 'text');
      const error = await failureOf(store.load('x'.repeat(22)));
      expect(error.message).toContain('WRONGTYPE');
      expect(attemptsIn(error)).toBe(ONCE);
      expect(attemptsIn(await failureOf(store.save('x'.repeat(22), noChanges)))).toBe(ONCE);
    }));

  it('an error in a script: once', () =>
    connected(async ({ store, keyOf }) => {
      const { id } = await createdIn(store);
      await server.admin.hset(keyOf(id), ':idle', 'not a number');
      const error = await failureOf(store.save(id, noChanges));
      expect(error.message).toContain('ERR');
      expect(attemptsIn(error)).toBe(ONCE);
    }));

  it('no permission for the command: once', () =>
    connected(
      async ({ store }) => {
        expect(await store.load('x'.repeat(22))).toBeUndefined();
        const error = await failureOf(store.save('x'.repeat(22), noChanges));
        expect(error.message).toContain('NOPERM');
        expect(attemptsIn(error)).toBe(ONCE);
      },
      { username: 'reader', accessKey: 'pw' },
    ));

  it('no permission for the key: once', () =>
    connected(
      async ({ store }) => {
        const error = await failureOf(store.load('x'.repeat(22)));
        expect(error.message).toContain('NOPERM');
        expect(attemptsIn(error)).toBe(ONCE);
      },
      { username: 'stranger', accessKey: 'pw' },
    ));

  it('a wrong password: once', () =>
    connected(
      async ({ store }) => {
        const error = await failureOf(store.load('x'.repeat(22)));
        expect(error.message).toContain('WRONGPASS');
        expect(attemptsIn(error)).toBe(ONCE);
      },
      { username: 'reader', accessKey: 'wrong' },
    ));

  it('full memory: once, and reads still work', () =>
    connected(async ({ store }) => {
      const { id } = await createdIn(store);
      await server.admin.config('SET', 'maxmemory', '1');
      undo.push(async () => void (await server.admin.config('SET', 'maxmemory', '0')));
      const error = await failureOf(store.save(id, { ...noChanges, attributes: new Map([['a', '2']]) }));
      expect(error.message).toContain('OOM');
      expect(attemptsIn(error)).toBe(ONCE);
      expect((await store.load(id))?.attributes).toEqual(new Map([['a', '1']]));
    }));

  it('a server that became read-only: again, and reads still work', () =>
    connected(async ({ store }) => {
      const { id } = await createdIn(store);
      undo.push(await makeReadOnly(server));
      const error = await failureOf(store.save(id, { ...noChanges, attributes: new Map([['a', '2']]) }));
      expect(error.message).toContain('READONLY');
      expect(attemptsIn(error)).toBe(AGAIN);
      expect((await store.load(id))?.attributes).toEqual(new Map([['a', '1']]));
    }));

  it('a replica without its master: again', () =>
    connected(async ({ store }) => {
      await server.admin.config('SET', 'replica-serve-stale-data', 'no');
      const writable = await makeReadOnly(server);
      undo.push(async () => {
        await writable();
        await server.admin.config('SET', 'replica-serve-stale-data', 'yes');
      });
      const error = await failureOf(store.load('x'.repeat(22)));
      expect(error.message).toContain('MASTERDOWN');
      expect(attemptsIn(error)).toBe(AGAIN);
    }));

  it('no reply in time: again', () =>
    connected(
      async ({ store }) => {
        server.freeze();
        undo.push(async () => server.thaw());
        const error = await failureOf(store.load('x'.repeat(22)));
        // The second says that the connection was given up meanwhile.
        expect(error.message).toMatch(/no answer within 20 ms|has not answered for 40 ms/);
        expect(attemptsIn(error)).toBe(AGAIN);
      },
      { operationTimeoutInMilliseconds: 20 },
    ));

  it('a server that is loading its data: again, with a client that does not wait until it is ready', async () => {
    const loading = await RedisServer.start();
    const client = loading.client({ enableReadyCheck: false, maxRetriesPerRequest: 0 });
    const store = new RedisSessionStore(client, {
      applicationName: 'shop',
      operationTimeoutInMilliseconds: 2000,
      ...RETRY,
    });
    try {
      await store.load('x'.repeat(22));
      await restartLoading(loading, 3000);
      // A loading server can take longer than 60 ms for one reply.
      const error = await untilFailure(() => store.load('x'.repeat(22)), 'LOADING');
      expect(attemptsIn(error)).toBeGreaterThan(ONCE);
    } finally {
      await loading.stop();
    }
  });

  it('a server that is loading its data: again, until it has loaded', async () => {
    const loading = await RedisServer.start();
    try {
      await withConnection({ port: loading.port, retryTimeoutInMilliseconds: 10_000 }, async ({ store }) => {
        const { id } = await createdIn(store);
        await restartLoading(loading, 1500);
        expect(await store.load(id)).toBeDefined();
      });
    } finally {
      await loading.stop();
    }
  });

  it('a server that is gone: again', async () => {
    const gone = await RedisServer.start();
    await withConnection({ port: gone.port, ...RETRY }, async ({ store }) => {
      await gone.kill();
      const error = await failureOf(store.load('x'.repeat(22)));
      expect(attemptsIn(error)).toBe(AGAIN);
    });
    await gone.stop();
  });

  it('a cluster without a node for the slot: again', async () => {
    const cluster = await RedisCluster.startSingle();
    try {
      await withConnection({ cluster: { nodes: cluster.startupNodes }, ...RETRY }, async ({ store }) => {
        await cluster.nodes[0]!.admin.call('CLUSTER', 'DELSLOTSRANGE', 0, 16383);
        const error = await failureOf(store.load('x'.repeat(22)));
        expect(error.message).toContain('CLUSTERDOWN');
        expect(attemptsIn(error)).toBe(AGAIN);
      });
    } finally {
      await cluster.stop();
    }
  });

  it.each([
    ['TRYAGAIN Multiple keys request during rehashing of slot', true],
    ['LOADING Redis is loading the dataset in memory', true],
    ['ERR max number of clients reached', true],
    ['NOREPLICAS Not enough good replicas to write.', true],
    ['LOADINGS of another kind', false],
    ['NOAUTH Authentication required.', false],
    ['ERR unknown command', false],
    ['ERR READONLY in the midst of a message', false],
  ])('%s: %p', (message, heals) => {
    expect(isRetryable(Object.assign(new Error(message), { name: 'ReplyError' }))).toBe(heals);
  });
});

/** Repeats an operation until it fails with this message: a fault can take a moment to show. */
async function untilFailure(operation: () => Promise<unknown>, says: string, tries = 50): Promise<Error> {
  const outcome = await operation().catch((error: unknown) => error as Error);
  if (outcome instanceof Error && outcome.message.includes(says)) return outcome;
  if (tries === 0) throw new Error(`It never failed with ${says}; last: ${inspect(outcome)}`);
  return untilFailure(operation, says, tries - 1);
}
