import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RedisCredentials, RedisSessionOptions } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { RedisServer } from '../support/redis-server.js';
import { LockLoad, TokenService } from './credentials-fixture.js';
import { createdIn, failureOf, withConnection } from './redis-fixture.js';

const patient = { operationTimeoutInMilliseconds: 5000, connectionTimeoutInMilliseconds: 2000 };

const withoutUser = async () => ({ password: 'right', expiresAt: new Date(Date.now() + 2000) });

describe('credentials from a function', () => {
  let server: RedisServer;
  let service: TokenService;
  beforeAll(async () => {
    server = await RedisServer.start({ acl: ['default off'] });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    service = new TokenService([server]);
    await service.next();
  });
  const options = (): Partial<RedisSessionOptions> => ({
    ...patient,
    port: server.port,
    credentials: service.credentials,
  });

  /** How many connections were tried. */
  const tried = async () =>
    Number(/total_connections_received:(\d+)/.exec(await server.admin.info('stats'))?.[1]);

  it('open the connection, and are asked for once for each connection', async () => {
    await withConnection(options(), async ({ store, client, log }) => {
      await createdIn(store);
      expect(service.asked).toBe(1);
      expect(await client.call('ACL', 'WHOAMI')).toBe(service.user);
      const old = service.user;
      await service.next();
      await service.revoke(old);
      await eventually(async () => expect(await client.call('ACL', 'WHOAMI')).toBe(service.user));
      expect(service.asked).toBe(2);
      expect(log.filter((line) => line.includes('credentials'))).toEqual([]);
    });
  });

  it('can be a password without a user', async () => {
    const plain = await RedisServer.start({ password: 'right' });
    try {
      await withConnection(
        { ...patient, port: plain.port, credentials: withoutUser },
        async ({ store, log }) => {
          await createdIn(store);
          await plain.resetStats();
          await eventually(async () => expect((await plain.commandStats())['auth']).toBe(1));
          expect(log).toEqual([]);
        },
      );
    } finally {
      await plain.stop();
    }
  });

  it('are asked for by the connection that waits for locks, too', async () => {
    await withConnection(options(), async ({ store }) => {
      const load = await LockLoad.start(store);
      await eventually(async () => expect(await service.connectionsOf(service.user)).toBe(2));
      expect(service.asked).toBe(2);
      await load.stop();
    });
  });

  it('that Redis refuses for that connection do not look like a missing right to subscribe', async () => {
    await withConnection(options(), async ({ store, log }) => {
      const { user } = service;
      service.instead = async () => ({ username: 'nobody', password: 'hunter2' });
      const { asked } = service;
      const load = await LockLoad.start(store);
      await eventually(() => expect(service.asked).toBeGreaterThan(asked + 1));
      service.instead = undefined;
      await eventually(async () => expect(await service.connectionsOf(user)).toBe(2));
      await load.stop();
      expect(log).toEqual([]);
    });
  });

  it('that Redis refuses are asked for less often than connections are tried', async () => {
    service.instead = async () => ({ username: 'nobody', password: 'hunter2' });
    const before = await tried();
    await withConnection(options(), async ({ store, log }) => {
      await eventually(async () => expect(await tried()).toBeGreaterThan(before + 10), { within: 10_000 });
      expect(service.asked).toBeLessThan(8);
      expect(log).toEqual([
        expect.stringMatching(/WRONGPASS.*Check what credentials returns, and that Redis has this user\.$/),
      ]);
      service.instead = undefined;
      await eventually(() => store.load('x'.repeat(22)));
    });
  });

  it('are renewed on every open connection before they expire: no request fails while users come and go', async () => {
    service.lifetime = 1500;
    await withConnection(options(), async ({ store, log }) => {
      const load = await LockLoad.start(store);
      await eventually(async () => expect(await service.connectionsOf(service.user)).toBe(2));
      for (let renewal = 0; renewal < 2; renewal++) {
        const old = service.user;
        // oxlint-disable-next-line no-await-in-loop -- one renewal after the other
        const user = await service.next();
        await eventually(async () => {
          expect(await service.connectionsOf(old)).toBe(0);
          expect(await service.connectionsOf(user)).toBe(2);
        });
        // Redis would close a connection that still is this user's.
        await service.revoke(old);
        await load.goesOn();
      }
      await load.stop();
      expect(log).toEqual([]);
    });
  });

  it('are renewed once for each life, however many connections were opened meanwhile', async () => {
    service.lifetime = 60_000;
    await withConnection(options(), async ({ store }) => {
      const load = await LockLoad.start(store);
      await load.goesOn();
      await load.stop();
      expect(service.asked).toBe(2);
    });
  });

  describe('that cannot be had', () => {
    const failures: [string, () => Promise<RedisCredentials>, RegExp][] = [
      [
        'rejects',
        () => Promise.reject(new Error('no identity')),
        /The option credentials failed: no identity\./,
      ],
      [
        'throws nothing',
        () => Promise.reject(undefined),
        /The option credentials failed: no reason was given\./,
      ], // oxlint-disable-line prefer-promise-reject-errors
      [
        'never answers',
        () => new Promise(() => undefined),
        /The option credentials failed: no answer within 300 ms\./,
      ],
      [
        'returns a token that has expired',
        async () => ({ username: 'x', password: 'hunter2', expiresAt: 1000 }),
        /The option credentials failed: what it returned expired at 1970-01-01T00:00:01\.000Z\./,
      ],
      [
        'returns nothing',
        async () => undefined as never,
        /The option credentials failed: it returned no password\./,
      ],
      [
        'returns a time that is none',
        async () => ({ password: 'hunter2', expiresAt: 'soon' as never }),
        /The option credentials failed: expiresAt is neither/,
      ],
      [
        'returns a user that is no text',
        async () => ({ username: 7 as never, password: 'hunter2' }),
        /The option credentials failed: the username that it returned is no text\./,
      ],
    ];

    it.each(failures)('at start (it %s) are tried again until they can', async (_how, instead, line) => {
      service.instead = instead;
      await withConnection({ ...options(), connectionTimeoutInMilliseconds: 300 }, async ({ store, log }) => {
        const error = await failureOf(store.load('x'.repeat(22)));
        expect(error.message).not.toContain('hunter2');
        await eventually(() => expect(log.find((text) => text.includes('option credentials'))).toMatch(line));
        service.instead = undefined;
        await eventually(() => store.load('x'.repeat(22)));
        expect(log.join('\n')).not.toMatch(/hunter2|secret-/);
        expect(log).toContain('The option credentials works again.');
      });
    });

    it.each(failures.filter(([how]) => /rejects|never|expired/.test(how)))(
      'later (it %s) leave the open connection as it is',
      async (_how, instead, line) => {
        service.lifetime = 1000;
        await withConnection(
          { ...options(), connectionTimeoutInMilliseconds: 300 },
          async ({ store, client, log }) => {
            const load = await LockLoad.start(store, 1);
            service.instead = instead;
            await eventually(() => expect(log).toEqual([expect.stringMatching(line)]));
            await load.goesOn();
            service.instead = undefined;
            const user = await service.next();
            await eventually(async () => expect(await client.call('ACL', 'WHOAMI')).toBe(user), {
              within: 8000,
            });
            await load.stop();
            await eventually(() =>
              expect(log).toEqual([expect.stringMatching(line), 'The option credentials works again.']),
            );
          },
        );
      },
    );

    it('because Redis refuses them leave the open connection as it is, and are logged once', async () => {
      service.lifetime = 1000;
      await withConnection(options(), async ({ store, client, log }) => {
        const load = await LockLoad.start(store, 1);
        await load.goesOn();
        service.instead = async () => ({
          username: 'nobody',
          password: 'hunter2',
          expiresAt: Date.now() + 1000,
        });
        const asked = service.asked;
        await eventually(() => expect(service.asked).toBeGreaterThan(asked + 1));
        expect(log).toEqual([
          expect.stringMatching(
            /Redis refused what credentials returned: WRONGPASS.*open connections are kept/,
          ),
        ]);
        await load.goesOn();
        service.instead = undefined;
        const user = await service.next();
        await eventually(async () => expect(await client.call('ACL', 'WHOAMI')).toBe(user), { within: 8000 });
        await load.stop();
        expect(log.join('\n')).not.toMatch(/hunter2|secret-/);
      });
    });
  });

  it('end with the connection: nobody is asked any more', async () => {
    service.lifetime = 1000;
    await withConnection(options(), ({ store }) => createdIn(store));
    const { asked } = service;
    await withConnection(options(), async () => {
      await eventually(() => expect(service.asked).toBe(asked + 2));
    });
    await eventually(async () => expect(await service.connectionsOf(service.user)).toBe(0));
  });
});

describe('credentials from a function, in a cluster', () => {
  let cluster: RedisCluster;
  let service: TokenService;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
    service = new TokenService(cluster.nodes);
    await service.next();
    await Promise.all(cluster.nodes.map((node) => node.admin.call('ACL', 'SETUSER', 'default', 'off')));
  }, 30_000);
  afterEach(() => {
    service.lifetime = undefined;
    service.instead = undefined;
  });
  afterAll(() => cluster?.stop());
  const options = () => ({
    ...patient,
    cluster: { nodes: cluster.startupNodes },
    credentials: service.credentials,
  });

  it('open the connection to every node, and are renewed there: no request fails', async () => {
    service.lifetime = 1500;
    await withConnection(options(), async ({ store, log }) => {
      const load = await LockLoad.start(store, 8);
      for (let renewal = 0; renewal < 2; renewal++) {
        const old = service.user;
        // oxlint-disable-next-line no-await-in-loop -- one renewal after the other
        const user = await service.next();
        await eventually(async () => {
          expect(await service.connectionsOf(old)).toBe(0);
          // Those of the three nodes, and that of messages.
          expect(await service.connectionsOf(user)).toBeGreaterThanOrEqual(4);
        });
        await service.revoke(old);
        await load.goesOn();
      }
      await load.stop();
      expect(log).toEqual([]);
    });
  });

  it('that cannot be had at start are tried again until they can', async () => {
    service.instead = () => Promise.reject(new Error('no identity'));
    await withConnection(options(), async ({ store, log }) => {
      await failureOf(store.load('x'.repeat(22)));
      expect(log[0]).toMatch(/credentials failed: no identity/);
      service.instead = undefined;
      await eventually(() => store.load('x'.repeat(22)), { within: 10_000 });
    });
  });
});

describe('credentials from a function, through Sentinels', () => {
  it('open the connection to the master', async () => {
    const group = await RedisSentinel.start({ replicas: 1, sentinels: 1 });
    try {
      const service = new TokenService(group.servers);
      await service.next();
      const sentinel = { name: group.name, sentinels: group.addresses };
      await withConnection(
        { ...patient, sentinel, credentials: service.credentials },
        async ({ store, client }) => {
          await createdIn(store);
          expect(await client.call('ACL', 'WHOAMI')).toBe(service.user);
          expect(service.asked).toBe(1);
        },
      );
    } finally {
      await group.stop();
    }
  }, 30_000);
});
