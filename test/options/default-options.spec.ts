import { describe, expect, it } from '@jest/globals';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { RedisSessionOptions } from '../../lib/options/redis-session.options.js';
import { jsonSerializer } from '../../lib/session/session-serializer.js';

describe('without options and environment variables', () => {
  const options = resolveOptions({}, {});

  it('the documented defaults apply', () => {
    expect(options).toEqual({
      host: '127.0.0.1',
      port: 6379,
      connectionString: undefined,
      username: undefined,
      accessKey: undefined,
      ssl: false,
      tls: undefined,
      databaseId: 0,
      cluster: undefined,
      sentinel: undefined,
      client: undefined,
      store: 'redis',
      applicationName: 'nest',
      throwOnError: true,
      retryTimeoutInMilliseconds: 0,
      failFast: false,
      connectionTimeoutInMilliseconds: 5000,
      operationTimeoutInMilliseconds: 1000,
      timeouts: undefined,
      idleTimeoutInSeconds: 1200,
      maxIdleTimeoutInSeconds: 2_592_000,
      absoluteTimeoutInSeconds: undefined,
      rotationGraceInSeconds: 0,
      onForgedCredential: undefined,
      observers: [],
      events: undefined,
      logOperations: false,
      shutdownTimeoutInMilliseconds: 20_000,
      cookie: {
        name: 'sid',
        path: '/',
        domain: undefined,
        secure: 'auto',
        httpOnly: true,
        sameSite: 'lax',
        partitioned: false,
        priority: undefined,
        persistent: false,
      },
      header: undefined,
      deviceBound: undefined,
      hydrate: 'request',
      sessionState: 'read-write',
      sessionCacheControl: 'private',
      expiresHeader: undefined,
      trustedOrigins: undefined,
      indexes: {},
      listedAttributes: [],
      maxSessionsPerUser: undefined,
      onSessionLimit: 'end-oldest',
      lock: {
        leaseInMilliseconds: 30_000,
        maxHoldInMilliseconds: 300_000,
        waitTimeoutInMilliseconds: 10_000,
        maxWaiters: 50,
      },
      serializer: jsonSerializer,
      encryption: undefined,
      classInstances: 'refuse',
      schema: undefined,
      schemaVersion: 1,
      onInvalidData: 'error',
      maxSessionBytes: 65_536,
      maxDepth: 64,
      unreadableAttribute: 'throw',
    });
  });

  it('resolveOptions() returns an instance of the class that is the injection token', () => {
    expect(options).toBeInstanceOf(RedisSessionOptions);
  });
});

describe('the maximum of a session’s own idle timeout', () => {
  it.each([
    ['30 days', { idleTimeoutInSeconds: 3600 }, 2_592_000],
    ['the default idle timeout if that is longer', { idleTimeoutInSeconds: 9_000_000 }, 9_000_000],
    ['the given one', { idleTimeoutInSeconds: 3600, maxIdleTimeoutInSeconds: 7200 }, 7200],
  ])('is %s', (_case, given, maxIdleTimeoutInSeconds) => {
    expect(resolveOptions(given, {})).toMatchObject({ maxIdleTimeoutInSeconds });
  });
});

describe('the port', () => {
  it.each([
    ['6380 when ssl is on', { ssl: true }, 6380],
    ['6380 when tls options are given, which turn ssl on', { tls: { servername: 'redis' } }, 6380],
    ['the given one, also with ssl', { ssl: true, port: 7000 }, 7000],
  ])('is %s', (_case, given, port) => {
    expect(resolveOptions(given, {})).toMatchObject({ port, ssl: true });
  });
});

describe('the cookie', () => {
  const production = { NODE_ENV: 'production' };

  it('is HttpOnly, SameSite=Lax and has Path=/', () => {
    expect(resolveOptions({}, production).cookie).toMatchObject({
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
    });
  });

  it.each([
    ['true when NODE_ENV is production', production, true],
    ['auto when NODE_ENV is something else', { NODE_ENV: 'development' }, 'auto'],
    ['auto when NODE_ENV is not set', {}, 'auto'],
  ])('has secure %s', (_case, env, secure) => {
    expect(resolveOptions({}, env).cookie.secure).toBe(secure);
  });

  it.each([
    ['__Host-sid if secure is true and neither domain nor path is set', { secure: true }, '__Host-sid'],
    ['__Host-sid if path is set to /', { secure: true, path: '/' }, '__Host-sid'],
    ['sid if secure is auto', { secure: 'auto' }, 'sid'],
    ['sid if secure is false', { secure: false }, 'sid'],
    ['__Secure-sid if a domain is set', { secure: true, domain: 'example.com' }, '__Secure-sid'],
    ['__Secure-sid if another path is set', { secure: true, path: '/shop' }, '__Secure-sid'],
    ['the given one, with __Host-', { secure: true, name: 'shop' }, '__Host-shop'],
    [
      'the given one, with __Secure- if a domain is set',
      { secure: true, name: 'shop', domain: 'example.com' },
      '__Secure-shop',
    ],
    ['the given one if secure is auto', { secure: 'auto', name: 'shop' }, 'shop'],
    ['the given one if secure is false', { secure: false, name: 'shop' }, 'shop'],
    ['the given one with a prefix', { secure: true, name: '__Secure-shop' }, '__Secure-shop'],
    ['the given one with a prefix in any case', { secure: true, name: '__host-shop' }, '__host-shop'],
    ['the given one with a newer prefix', { secure: true, name: '__Http-shop' }, '__Http-shop'],
  ] as const)('is named %s', (_case, cookie, name) => {
    expect(resolveOptions({ cookie }, {}).cookie.name).toBe(name);
  });

  it('is named __Host-sid in production', () => {
    expect(resolveOptions({}, production).cookie.name).toBe('__Host-sid');
  });
});

describe('the header', () => {
  it.each([
    [
      'Bearer in the header authorization',
      { name: 'Authorization' },
      { name: 'authorization', scheme: 'Bearer' },
    ],
    [
      'the given one in the header authorization',
      { name: 'authorization', scheme: 'Session' },
      { scheme: 'Session' },
    ],
    ['no scheme in any other header', { name: 'X-Session' }, { name: 'x-session', scheme: undefined }],
  ])('has as its scheme %s', (_case, header, expected) => {
    expect(resolveOptions({ header }, {}).header).toMatchObject(expected);
  });
});

describe('the nodes of a cluster and the Sentinels', () => {
  it('listen on 6379 and 26379 unless a port is given', () => {
    const cluster = { nodes: [{ host: 'a' }, { host: 'b', port: 7000 }] };
    expect(resolveOptions({ cluster }, {}).cluster?.nodes).toEqual([
      { host: 'a', port: 6379 },
      { host: 'b', port: 7000 },
    ]);
    const sentinel = { name: 'mymaster', sentinels: [{ host: 'a' }] };
    expect(resolveOptions({ sentinel }, {}).sentinel?.sentinels).toEqual([{ host: 'a', port: 26_379 }]);
  });
});
