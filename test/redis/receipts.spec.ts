import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RedisSessionStore } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Connected, createdIn, noChanges } from './redis-fixture.js';
import { uniqueName } from '../support/unique-name.js';

const change = (attributes: Record<string, string>) => ({
  ...noChanges,
  attributes: new Map(Object.entries(attributes)),
});

// Redis executes a write, the reply is lost, other requests write, and then it is sent again.
describe('a write that is sent again after others have written', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let slow: Connected;
  let quick: Connected;

  beforeAll(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });
  beforeEach(async () => {
    const applicationName = uniqueName('receipts');
    slow = new Connected({ applicationName, port: proxy.port, retryTimeoutInMilliseconds: 5000 });
    quick = new Connected({ applicationName, port: server.port });
    await Promise.all([slow.connection.open(), quick.connection.open()]);
    // From now on Redis has the scripts in its cache, so the lost reply is that of a write.
    const { id, secretHash } = await createdIn(slow.store);
    await slow.store.save(id, noChanges);
    // Not by `slow`: the reply to its unawaited second command could be the one that is cut.
    await quick.store.destroy(id, secretHash);
  });
  afterEach(async () => {
    await proxy.reset();
    for (const { store, connection } of [slow, quick]) {
      store.close();
      await connection.close();
    }
  });

  /** Sends a write whose reply is lost, lets others write, and returns the reply to the last attempt. */
  async function againAfter<T>(
    write: (store: RedisSessionStore) => Promise<T>,
    meanwhile: (store: RedisSessionStore) => Promise<unknown>,
  ): Promise<T> {
    await proxy.refuse();
    const cuts = proxy.cuts;
    proxy.cutMidReply(1);
    const answer = write(slow.store);
    await eventually(() => expect(proxy.cuts).toBe(cuts + 1));
    await meanwhile(quick.store);
    await proxy.accept();
    return answer;
  }

  it('a save does not undo what another request has saved meanwhile', async () => {
    const { id } = await createdIn(quick.store, { a: '1' });
    const answer = await againAfter(
      (store) => store.save(id, change({ a: 'slow' })),
      (store) => store.save(id, change({ a: 'quick' })),
    );
    expect(answer).toBe('saved');
    expect((await quick.store.load(id))?.attributes).toEqual(new Map([['a', 'quick']]));
  });

  it('a save is saved although the session was rotated meanwhile', async () => {
    const { id, secretHash } = await createdIn(quick.store, { a: '1' });
    const answer = await againAfter(
      (store) => store.save(id, { ...change({ a: 'slow' }), secretHash }),
      (store) => store.save(id, { ...noChanges, secretHash, newSecretHash: 'next' }),
    );
    expect(answer).toBe('saved');
    expect(await quick.store.load(id)).toMatchObject({
      secretHash: 'next',
      attributes: new Map([['a', 'slow']]),
    });
  });

  it('a create does not restore a session that was destroyed meanwhile', async () => {
    const id = 'c'.repeat(22);
    await againAfter(
      (store) => createdIn(store, { a: '1' }, id),
      (store) => store.destroy(id),
    );
    expect(await quick.store.load(id)).toBeUndefined();
  });

  it('a rotation does not undo what was saved under its new secret', async () => {
    const { id, secretHash } = await createdIn(quick.store, { a: '1' });
    const answer = await againAfter(
      (store) => store.save(id, { ...change({ a: 'slow' }), secretHash, newSecretHash: 'next' }),
      (store) => store.save(id, { ...change({ a: 'quick' }), secretHash: 'next' }),
    );
    expect(answer).toBe('saved');
    expect((await quick.store.load(id))?.attributes).toEqual(new Map([['a', 'quick']]));
  });

  it('a destroy does not conflict with itself', async () => {
    const { id, secretHash } = await createdIn(quick.store, { a: '1' });
    const answer = await againAfter(
      (store) => store.destroy(id, secretHash),
      () => Promise.resolve(),
    );
    expect(answer).toBe(false);
  });

  it('leaves a receipt that expires, and none without retries', async () => {
    const { id } = await createdIn(quick.store, { a: '1' });
    await quick.store.save(id, change({ a: '2' }));
    const key = quick.keyOf(id);
    const keys = () => server.admin.keys(`${key.slice(0, key.indexOf('}'))}*`);
    expect(await keys()).toEqual([key]);
    await slow.store.save(id, change({ a: '3' }));
    const receipts = (await keys()).filter((one) => one !== key);
    expect(receipts).toHaveLength(1);
    expect(await server.admin.pttl(receipts[0]!)).toBeGreaterThan(0);
  });
});
