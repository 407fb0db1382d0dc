import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { jsonSerializer } from '../../lib/session/session-serializer.js';
import { faultsOf } from './faults-of.js';

describe('when options come from both the argument and the environment', () => {
  const env = {
    REDIS_SESSION_HOST: 'from-env',
    REDIS_SESSION_PORT: '7000',
    REDIS_SESSION_COOKIE_NAME: 'from-env',
    REDIS_SESSION_COOKIE_PATH: '/env',
  };

  it('uses the environment if there is no argument', () => {
    expect(resolveOptions(undefined, env)).toMatchObject({
      host: 'from-env',
      port: 7000,
      cookie: { name: 'from-env', path: '/env' },
    });
  });

  it('prefers the argument, field by field, in groups, too', () => {
    expect(resolveOptions({ host: 'given', cookie: { name: 'given' } }, env)).toMatchObject({
      host: 'given',
      port: 7000,
      cookie: { name: 'given', path: '/env', httpOnly: true },
    });
  });

  it('treats undefined as not given', () => {
    expect(resolveOptions({ host: undefined, cookie: { name: undefined } }, env)).toMatchObject({
      host: 'from-env',
      cookie: { name: 'from-env' },
    });
  });

  it('uses the environment of the process by default', () => {
    process.env['REDIS_SESSION_APPLICATION_NAME'] = 'from-the-process';
    try {
      expect(resolveOptions().applicationName).toBe('from-the-process');
    } finally {
      delete process.env['REDIS_SESSION_APPLICATION_NAME'];
    }
  });

  it('ignores an invalid variable if the argument sets the option', () => {
    expect(faultsOf({ port: 7001 }, { REDIS_SESSION_PORT: 'abc' })).toEqual([]);
  });
});

describe('the resolved options', () => {
  it('are frozen, groups and nodes included', () => {
    const given = {
      cluster: { nodes: [{ host: 'a', port: 7000 }] },
      header: { name: 'x-session' },
    };
    const options = resolveOptions(given, {});
    const sentinel = resolveOptions({ sentinel: { name: 'm', sentinels: [{ host: 'a' }] } }, {}).sentinel;
    const own = [
      options,
      options.cookie,
      options.lock,
      options.header,
      options.cluster,
      options.cluster?.nodes,
      options.cluster?.nodes[0],
      sentinel,
      sentinel?.sentinels,
      sentinel?.sentinels[0],
    ];
    expect(own.map((part) => Object.isFrozen(part))).toEqual(own.map(() => true));
  });

  it('contain the application’s own objects, which stay unfrozen', () => {
    const client = new Redis({ lazyConnect: true });
    const given = {
      client,
      serializer: { ...jsonSerializer },
      store: {
        create: save,
        load: save,
        save,
        touch: save,
        destroy: save,
        loadExclusive: save,
        renewLock: save,
        releaseLock: save,
      },
      cookie: { name: 'shop' },
    };
    const options = resolveOptions(given, {});
    expect(options.client).toBe(client);
    expect(options.serializer).toBe(given.serializer);
    expect(options.store).toBe(given.store);
    expect([client, given, given.serializer, given.store, given.cookie].some(Object.isFrozen)).toBe(false);

    const tls = { ca: 'certificate' };
    const clusterOptions = { natMap: {} };
    const cluster = { nodes: [{ host: 'a' }], options: clusterOptions };
    const secured = resolveOptions({ tls, cluster }, {});
    expect(secured.tls).toBe(tls);
    expect(secured.cluster?.options).toBe(clusterOptions);
    expect([tls, cluster, cluster.nodes, clusterOptions].some(Object.isFrozen)).toBe(false);
  });
});

describe('options that look odd but are valid', () => {
  it.each([
    ['a memory store with connection options', { store: 'memory', host: 'redis', ssl: true }],
    ['an absolute timeout shorter than the idle timeout', { absoluteTimeoutInSeconds: 60 }],
    ['a cluster with database 0', { cluster: { nodes: [{ host: 'a' }] }, databaseId: 0 }],
    [
      'a cluster with user and password',
      { cluster: { nodes: [{ host: 'a' }] }, username: 'u', accessKey: 'k' },
    ],
    ['sameSite auto with secure auto', { cookie: { sameSite: 'auto', secure: 'auto' } }],
    [
      'a __Secure- name with a domain',
      { cookie: { name: '__Secure-a', secure: true, domain: 'example.com' } },
    ],
    ['an IPv6 address', { host: '::1' }],
    ['letters of any script in applicationName', { applicationName: 'Läden & Söhne 店' }],
    ['no waiters for locks', { lock: { waitTimeoutInMilliseconds: 0, maxWaiters: 0 } }],
  ])('%s', (_case, given) => {
    expect(faultsOf(given)).toEqual([]);
  });
});

async function save(): Promise<never> {
  return Promise.reject(new Error('not called'));
}
