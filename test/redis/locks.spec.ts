import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis, type RedisOptions } from 'ioredis';
import { RedisSessionStore } from 'nestjs-redis-session';
import { randomBytes } from 'node:crypto';
import { getEventListeners, setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import { flushScripts } from '../support/faults.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { uniqueName } from '../support/unique-name.js';
import { createdIn, withConnection } from './redis-fixture.js';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const newToken = () => randomBytes(16).toString('base64url');
const lock = (waitInMilliseconds = 10_000) => ({
  token: newToken(),
  leaseInMilliseconds: 30_000,
  waitInMilliseconds,
});
const save = (token: string, attributes: Record<string, string> = { n: '2' }) => ({
  defaultIdleTimeoutInMilliseconds: 600_000,
  attributes: new Map(Object.entries(attributes)),
  lock: { token, release: true },
});

async function create(store: RedisSessionStore): Promise<string> {
  const id = newToken();
  await store.create({
    id,
    secretHash: 'hash',
    defaultIdleTimeoutInMilliseconds: 600_000,
    attributes: new Map([['n', '1']]),
  });
  return id;
}

describe('locks in Redis', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  const applicationName = uniqueName('locks');
  const opened: { store: RedisSessionStore; client: Redis }[] = [];

  beforeAll(async () => {
    server = await RedisServer.start({ acl: ['quiet on >quiet ~* +@all resetchannels'] });
    proxy = await TcpProxy.start(server.port);
  });
  afterEach(async () => {
    for (const { store, client } of opened.splice(0)) {
      store.close();
      client.disconnect();
    }
    await proxy.reset();
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  /** The store of one application process. */
  function open(options: RedisOptions = {}, retryTimeoutInMilliseconds = 0, name = applicationName) {
    const client = new Redis({
      port: server.port,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      disconnectTimeout: 100,
      retryStrategy: () => 20,
      ...options,
    });
    client.on('error', () => undefined);
    const store = new RedisSessionStore(client, {
      applicationName: name,
      operationTimeoutInMilliseconds: 500,
      retryTimeoutInMilliseconds,
    });
    opened.push({ store, client });
    return store;
  }

  const lockOf = (id: string, name = applicationName) => server.admin.get(`{${name}_${id}}_Write_Lock`);
  /** Resolves when this many waiters are in the queue. */
  const waiting = (id: string, count: number, name?: string) =>
    eventually(async () => expect((await lockOf(id, name))?.match(/\n/g)?.length ?? 0).toBe(count));
  const subscribers = async () => (await connections()).match(/cmd=subscribe/g) ?? [];
  const connections = async () => (await server.admin.client('LIST')) as string;

  it('are acquired and read in one round trip, saved and released in another', async () => {
    const store = open();
    const id = await create(store);
    await store.save(id, { ...save(''), lock: undefined });
    await server.resetStats();
    const mine = lock();
    await store.loadExclusive(id, mine);
    expect(await server.commandStats()).toEqual({ set: 1, hgetall: 1 });
    await server.resetStats();
    await store.save(id, save(mine.token));
    const { evalsha, publish } = await server.commandStats();
    expect([evalsha, publish]).toEqual([1, undefined]);
  });

  it('need a second connection only for waiters, and one for all of them', async () => {
    const [holder, other] = [open(), open()];
    const [first, second] = [await create(holder), await create(holder)];
    const [one, two] = [lock(), lock()];
    await holder.loadExclusive(first, one);
    await holder.loadExclusive(second, two);
    expect(await connections()).not.toContain('cmd=subscribe');
    const both = [other.loadExclusive(first, lock()), other.loadExclusive(second, lock())];
    await waiting(first, 1);
    await waiting(second, 1);
    expect((await connections()).match(/cmd=subscribe/g)).toHaveLength(1);
    await Promise.all([holder.releaseLock(first, one.token), holder.releaseLock(second, two.token)]);
    await Promise.all(both);
    other.close();
    await eventually(async () => expect(await connections()).not.toContain('cmd=subscribe'));
  });

  it('pass from process to process in the order of their requests', async () => {
    const stores = [open(), open(), open(), open()];
    const id = await create(stores[0]!);
    const order: number[] = [];
    const locks = stores.map(() => lock());
    const turns: Promise<void>[] = [];
    for (const [index, store] of stores.entries()) {
      const turn = store.loadExclusive(id, locks[index]!).then(async () => {
        order.push(index);
        await store.save(id, save(locks[index]!.token, { n: String(index) }));
      });
      if (index === 0) await turn;
      else turns.push(turn);
      if (index === 0) await stores[0]!.loadExclusive(id, (locks[0] = lock()));
      else await waiting(id, index);
    }
    await stores[0]!.releaseLock(id, locks[0]!.token);
    await Promise.all(turns);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it.each([
    'me@here',
    'a shop',
    'a b@c d@e',
    String.raw`!"#$%&'()*+,-./:;<=>?@[\]^_|~ 0aZ`,
    '日本 ü@\u{1f375} ',
  ])('are handed over with the applicationName %j', async (name) => {
    const [holder, other] = [open({}, 0, name), open({}, 0, name)];
    const id = await create(holder);
    const [mine, theirs, last] = [lock(), lock(), lock()];
    await holder.loadExclusive(id, mine);
    const second = other.loadExclusive(id, theirs);
    await waiting(id, 1, name);
    const third = holder.loadExclusive(id, last);
    await waiting(id, 2, name);
    await holder.releaseLock(id, mine.token);
    expect(await lockOf(id, name)).toMatch(new RegExp(`^${theirs.token}\n${last.token}@`));
    expect(await second).toMatchObject({ id });
    await other.save(id, save(theirs.token));
    expect(await lockOf(id, name)).toBe(last.token);
    expect(await third).toMatchObject({ attributes: new Map([['n', '2']]) });
  });

  it('skip a waiter that has timed out', async () => {
    const [holder, impatient, patient] = [open(), open(), open()];
    const id = await create(holder);
    const mine = lock();
    await holder.loadExclusive(id, mine);
    const refused = impatient.loadExclusive(id, lock(300));
    await waiting(id, 1);
    const granted = patient.loadExclusive(id, lock());
    await waiting(id, 2);
    expect(await refused).toBe('locked');
    await waiting(id, 1);
    await holder.releaseLock(id, mine.token);
    expect(await granted).toMatchObject({ id });
  });

  it('keep no waiter, listener or timer of 500 clients that disconnect while they wait', async () => {
    const [holder, other] = [open(), open()];
    const ids = await Promise.all(Array.from({ length: 500 }, () => create(holder)));
    const held = ids.map(() => lock());
    await Promise.all(ids.map((id, n) => holder.loadExclusive(id, held[n]!)));
    const before = timers();
    const leaving = new AbortController();
    setMaxListeners(0, leaving.signal);
    const asking = ids.map((id) => other.loadExclusive(id, { ...lock(60_000), signal: leaving.signal }));
    await eventually(async () => {
      const locks = await Promise.all(ids.map((id) => lockOf(id)));
      expect(locks.filter((value) => value?.includes('\n'))).toHaveLength(500);
    });
    leaving.abort();
    expect(new Set(await Promise.all(asking))).toEqual(new Set(['locked']));
    expect(await Promise.all(ids.map((id) => lockOf(id)))).toEqual(held.map(({ token }) => token));
    expect(getEventListeners(leaving.signal, 'abort')).toHaveLength(0);
    // One timer belongs to `eventually` itself.
    await eventually(() => expect(timers()).toBeLessThanOrEqual(before + 1));
  });

  describe('if something fails', () => {
    it('are acquired after SCRIPT FLUSH, with what was saved last', async () => {
      const [holder, other] = [open(), open()];
      const id = await create(holder);
      const mine = lock();
      await holder.loadExclusive(id, mine);
      const next = other.loadExclusive(id, lock());
      await waiting(id, 1);
      await flushScripts(server);
      await holder.save(id, save(mine.token));
      expect(await next).toMatchObject({ attributes: new Map([['n', '2']]) });
    });

    it('are acquired by a waiter whose second connection was closed', async () => {
      const [holder, other] = [open(), open({ port: proxy.port })];
      const id = await create(holder);
      const mine = lock();
      await holder.loadExclusive(id, mine);
      const next = other.loadExclusive(id, lock());
      await waiting(id, 1);
      await server.admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await holder.releaseLock(id, mine.token);
      expect(await next).toMatchObject({ id });
    });

    it('are announced on a new connection if the second one was silently dropped', async () => {
      const [holder, other] = [open(), open()];
      const { client } = opened.at(-1)!;
      // Only the connection that it listens on goes through the proxy.
      client.duplicate = (override) => new Redis({ ...client.options, ...override, port: proxy.port });
      const id = await create(holder);
      const [mine, theirs] = [lock(), lock()];
      await holder.loadExclusive(id, mine);
      const waits = other.loadExclusive(id, theirs);
      await waiting(id, 1);
      expect(await subscribers()).toHaveLength(1);
      proxy.swallow();
      await eventually(async () => expect(await subscribers()).toHaveLength(2));
      await holder.releaseLock(id, mine.token);
      expect(await waits).toMatchObject({ id });
    });

    it.each(['its holder', 'a waiter'])(
      'are released in the background if the release by %s failed',
      async (who) => {
        const [away, other] = [open({ port: proxy.port, enableOfflineQueue: false }), open()];
        const id = await eventually(() => create(away));
        const [mine, theirs] = [lock(), lock()];
        const [first, second] = who === 'its holder' ? [mine, theirs] : [theirs, mine];
        await (who === 'its holder' ? away : other).loadExclusive(id, first);
        const waits = (who === 'its holder' ? other : away).loadExclusive(id, second);
        waits.catch(() => undefined);
        await waiting(id, 1);
        await proxy.goAway('reset');
        const failed =
          who === 'its holder' ? away.releaseLock(id, mine.token, mine.leaseInMilliseconds) : waits;
        await expect(failed).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
        expect(await lockOf(id)).toContain(mine.token);
        await proxy.accept();
        await eventually(async () => expect(await lockOf(id)).not.toContain(mine.token));
        expect(await lockOf(id)).toContain(theirs.token);
      },
    );

    it('are not released by a closed store, and end with their leases', async () => {
      const away = open({ port: proxy.port });
      const id = await create(away);
      const mine = lock();
      await away.loadExclusive(id, mine);
      await proxy.goAway('reset');
      await expect(away.releaseLock(id, mine.token, mine.leaseInMilliseconds)).rejects.toThrow('unlock');
      away.close();
      await proxy.accept();
      await eventually(() => away.load(id));
      await server.resetStats();
      // A release would be tried every 200 ms.
      for (let n = 0; n < 50; n++) await away.load(id).then(() => sleep(10));
      expect(await server.commandStats()).toEqual({ hgetall: 50 });
      expect(await lockOf(id)).toBe(mine.token);
    });

    it('are acquired, only later, by an account that must not subscribe', async () => {
      const [holder, quiet] = [open(), open({ username: 'quiet', password: 'quiet' })];
      const id = await create(holder);
      const mine = lock();
      await holder.loadExclusive(id, mine);
      const next = quiet.loadExclusive(id, lock());
      await waiting(id, 1);
      await holder.releaseLock(id, mine.token);
      expect(await next).toMatchObject({ id });
    });

    it('are said to take longer, once, if the account must not subscribe', async () => {
      const options = { port: server.port, username: 'quiet', accessKey: 'quiet' };
      await withConnection(options, async ({ store, log }) => {
        const { id } = await createdIn(store);
        for (let turn = 0; turn < 2; turn++) {
          const mine = lock();
          await store.loadExclusive(id, mine);
          const theirs = lock();
          const next = store.loadExclusive(id, theirs);
          await eventually(() => expect(log).toHaveLength(1));
          await store.releaseLock(id, mine.token);
          await next;
          await store.releaseLock(id, theirs.token);
        }
        expect(log).toEqual([
          expect.stringMatching(/^warning: Redis refuses SUBSCRIBE: NOPERM [^{]*\. Requests that wait /),
        ]);
      });
    });

    it('are granted to a request that is repeated because its reply was lost', async () => {
      const store = open({ port: proxy.port }, 2000);
      const id = await create(store);
      proxy.cutMidReply(2);
      const mine = lock();
      expect(await store.loadExclusive(id, mine)).toMatchObject({ id });
      expect(proxy.cuts).toBe(1);
      expect(await store.renewLock(id, mine)).toBe(true);
    });

    it('are not reported as lost to a save that is repeated because its reply was lost', async () => {
      const [holder, other] = [open({ port: proxy.port }, 2000), open()];
      const id = await create(holder);
      const mine = lock();
      await holder.loadExclusive(id, mine);
      const saved = deferred();
      const theirs = lock();
      const next = other.loadExclusive(id, theirs).then(async () => {
        await other.save(id, save(theirs.token, { n: '3' }));
        saved.resolve();
      });
      await waiting(id, 1);
      await proxy.refuse();
      proxy.cutMidReply(1);
      const saving = holder.save(id, save(mine.token));
      await saved.promise;
      await proxy.accept();
      expect(await saving).toBe('saved');
      await next;
      expect((await other.load(id))?.attributes).toEqual(new Map([['n', '3']]));
    });

    it('are not kept by a request that timed out', async () => {
      const [frozen, other] = [open(), open()];
      const id = await create(frozen);
      server.freeze();
      await expect(frozen.loadExclusive(id, lock())).rejects.toMatchObject({
        code: 'SESSION_STORE_UNAVAILABLE',
      });
      server.thaw();
      expect(await other.loadExclusive(id, lock(400))).toMatchObject({ id });
    });
  });
});
