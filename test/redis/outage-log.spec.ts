import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { makeReadOnly } from '../support/faults.js';
import { RedisServer } from '../support/redis-server.js';
import { createdIn, failureOf, noChanges, withConnection } from './redis-fixture.js';

const changes = { ...noChanges, attributes: new Map([['a', '2']]) };

describe('the log of an outage in which Redis is connected', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => server.stop());

  it('has one line when Redis is full, and one when it is not any more', () =>
    withConnection({ port: server.port }, async ({ store, log }) => {
      const { id } = await createdIn(store);
      await server.admin.config('SET', 'maxmemory', '1');
      await failureOf(store.save(id, changes));
      await failureOf(createdIn(store));
      // What Redis does not refuse does not end the outage.
      expect(await store.load(id)).toBeDefined();
      await failureOf(store.save(id, changes));
      expect(log).toEqual([
        expect.stringMatching(/^warning: Redis fails to save sessions: OOM command not allowed .*\. Further/),
      ]);
      await server.admin.config('SET', 'maxmemory', '0');
      await store.save(id, changes);
      await store.save(id, changes);
      await createdIn(store);
      expect(log.slice(1)).toEqual(['Redis can save sessions again.']);
    }));

  it('has a line when Redis is read-only, also after retries', () =>
    withConnection({ port: server.port, retryTimeoutInMilliseconds: 30 }, async ({ store, log }) => {
      const { id } = await createdIn(store);
      const undo = await makeReadOnly(server);
      await failureOf(store.save(id, changes));
      expect(log).toEqual([expect.stringContaining('fails to save sessions: READONLY')]);
      await undo();
      await store.save(id, changes);
      expect(log).toHaveLength(2);
    }));

  it('has no more than two lines a minute, however often the outage comes and goes', () =>
    withConnection({ port: server.port }, async ({ store, keyOf, log }) => {
      const { id } = await createdIn(store);
      const now = performance.now();
      const clock = jest.spyOn(performance, 'now').mockReturnValue(now);
      await server.admin.set(keyOf('x'.repeat(22)), 'of another type');
      for (let times = 0; times < 20; times++) {
        await failureOf(store.load('x'.repeat(22)));
        await store.load(id);
      }
      expect(log).toEqual([expect.stringContaining('WRONGTYPE'), 'Redis can load sessions again.']);
      clock.mockReturnValue(now + 61_000);
      await failureOf(store.load('x'.repeat(22)));
      expect(log).toHaveLength(3);
    }));

  it('shows no key and no value', () =>
    withConnection({ port: server.port }, async ({ store, keyOf, log }) => {
      await server.admin.set(keyOf('y'.repeat(22)), 'of another type');
      await failureOf(store.save('y'.repeat(22), changes));
      expect(log).toHaveLength(1);
      expect(log[0]).not.toContain('yyyy');
    }));
});

describe('the log of an application whose own client loses Redis', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(() => server.stop());

  it('has one line for the outage and one for its end', async () => {
    const client = server.client({
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: () => 20,
    });
    await new Promise((resolve) => client.once('ready', resolve));
    await withConnection({ client, retryTimeoutInMilliseconds: 10_000 }, async ({ store, log }) => {
      const { id } = await createdIn(store);
      await server.kill();
      await withConnection({ client }, async (once) => {
        await failureOf(once.store.load(id));
        await failureOf(once.store.load(id));
        await failureOf(once.store.save(id, changes));
        expect(once.log).toEqual([expect.stringMatching(/^warning: Redis fails to load sessions: /)]);
        await server.restart();
        // Retried until Redis is back, so it has not failed.
        expect(await store.load(id)).toBeUndefined();
        expect(log).toEqual([]);
        expect(await once.store.load(id)).toBeUndefined();
        expect(once.log.slice(1)).toEqual(['Redis can load sessions again.']);
      });
    });
  });
});
