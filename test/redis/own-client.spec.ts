import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Cluster, type RedisOptions } from 'ioredis';
import { RedisSessionStore } from 'nestjs-redis-session';
import { newSessionId } from '../../lib/session/session-credential.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { uniqueName } from '../support/unique-name.js';
import { createdIn, failureOf, noChanges, withConnection } from './redis-fixture.js';

describe.each([{}, { keyPrefix: 'mine:' }, { enableAutoPipelining: true }])(
  'the application’s own client, with %o',
  (settings) => {
    it('reads the sessions that it wrote', async () => {
      const server = await RedisServer.start();
      const store = new RedisSessionStore(server.client(settings), {
        applicationName: uniqueName(),
        operationTimeoutInMilliseconds: 1000,
        retryTimeoutInMilliseconds: 0,
      });
      const [one, other] = await Promise.all([
        createdIn(store, { a: '1', b: '2' }),
        createdIn(store, { toString: '3' }),
      ]);
      const loaded = await Promise.all([
        store.load(one.id),
        store.load('x'.repeat(22)),
        store.load(other.id),
      ]);
      expect(loaded).toMatchObject([
        { id: one.id, attributes: one.attributes },
        undefined,
        { id: other.id, attributes: other.attributes },
      ]);
      expect(
        await Promise.all(
          [one, other].map(({ id }) => store.touch(id, { defaultIdleTimeoutInMilliseconds: 1_200_000 })),
        ),
      ).toEqual([true, true]);
      store.close();
      await server.stop();
    });
  },
);

describe('a change that was refused because the application’s own client had lost its connection', () => {
  const settings = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false };
  const moments = ['while it was on its way', 'before it was sent'] as const;
  let server: RedisServer;
  let proxy: TcpProxy;
  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
  });
  afterEach(async () => {
    await proxy.stop();
    await server.stop();
  });

  /** Lets a change fail and a newer one of another process succeed. Returns what is stored in the end. */
  async function storedInTheEnd(moment: string, given: RedisOptions): Promise<string | undefined> {
    const applicationName = uniqueName();
    const timeouts = { operationTimeoutInMilliseconds: 300, retryTimeoutInMilliseconds: 0 };
    const client = server.client({ port: proxy.port, retryStrategy: () => 100, ...given });
    const store = new RedisSessionStore(client, { applicationName, ...timeouts });
    const other = new RedisSessionStore(server.client(), { applicationName, ...timeouts });
    const { id } = await eventually(() => createdIn(store));
    const save = (into: RedisSessionStore, n: string) =>
      into.save(id, { ...noChanges, attributes: new Map([['n', n]]) });
    // Puts the script into the cache of Redis.
    await save(store, 'first');
    let refused: Promise<unknown> | undefined;
    if (moment === 'while it was on its way') {
      proxy.freeze('toServer');
      refused = failureOf(save(store, 'refused'));
      await eventually(() => proxy.holds('toServer'));
    }
    await proxy.goAway('reset');
    await eventually(() => client.status === 'reconnecting');
    refused ??= failureOf(save(store, 'refused'));
    await refused;
    expect(await save(other, 'newer')).toBe('saved');
    proxy.thaw();
    await proxy.accept();
    // Whatever the client resends is sent before this.
    await eventually(() => client.ping());
    return (await other.load(id))?.attributes.get('n');
  }

  it.each(moments)('overwrites a newer one, with the defaults of ioredis: %s', async (moment) => {
    expect(await storedInTheEnd(moment, {})).toBe('refused');
  });

  it.each(moments)('stays refused, with the settings that the warning names: %s', async (moment) => {
    expect(await storedInTheEnd(moment, settings)).toBe('newer');
  });

  it.each<[string, RedisOptions, string[]]>([
    ['the defaults of ioredis', {}, ['enableOfflineQueue: false', 'autoResendUnfulfilledCommands: false']],
    ['one of them', { enableOfflineQueue: false }, ['autoResendUnfulfilledCommands: false']],
  ])('causes one warning at the start: %s', async (_, given, missing) => {
    await withConnection({ client: server.client(given) }, async ({ log }) => {
      expect(log).toEqual([expect.stringContaining(`Create the client with { ${missing.join(', ')} }.`)]);
    });
  });

  it('is not possible at the start, which waits until the client has connected', async () => {
    await withConnection({ client: server.client(settings) }, async ({ store }) => {
      await expect(store.load(newSessionId())).resolves.toBeUndefined();
    });
  });

  it('causes no warning if the client does not resend commands', async () => {
    await withConnection({ client: server.client(settings) }, async ({ log }) => expect(log).toEqual([]));
  });

  it('causes a warning with a Cluster, too', async () => {
    const nodes = [{ host: server.host, port: server.port }];
    const given = { lazyConnect: true, enableOfflineQueue: false, retryDelayOnFailover: 0 };
    const [warned, quiet] = [
      new Cluster(nodes, given),
      new Cluster(nodes, { ...given, retryDelayOnClusterDown: 0 }),
    ];
    await withConnection({ client: warned }, async ({ log }) => {
      expect(log).toEqual([expect.stringContaining('{ retryDelayOnClusterDown: 0 }')]);
    });
    await withConnection({ client: quiet }, async ({ log }) => expect(log).toEqual([]));
  });
});
