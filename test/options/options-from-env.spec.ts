import { describe, expect, it } from '@jest/globals';
import { isObject } from '../../lib/options/expectations.js';
import { optionNames } from '../../lib/options/option-names.js';
import { optionsFromEnv, variables } from '../../lib/options/options-from-env.js';
import { optionGroups } from '../../lib/options/redis-session.options.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { faultsOf } from './faults-of.js';

const KEY = Buffer.alloc(32, 7).toString('base64');

/** An example of every variable, and its value. */
const examples: Record<string, readonly [text: string, value: unknown]> = {
  REDIS_SESSION_HOST: ['redis.internal', 'redis.internal'],
  REDIS_SESSION_PORT: ['7000', 7000],
  REDIS_SESSION_CONNECTION_STRING: ['redis://redis.internal', undefined],
  REDIS_SESSION_USERNAME: ['shop', 'shop'],
  REDIS_SESSION_ACCESS_KEY: ['00123', '00123'],
  REDIS_SESSION_SSL: ['true', true],
  REDIS_SESSION_DATABASE_ID: ['3', 3],
  REDIS_SESSION_CLUSTER_NODES: [
    'a:7000, b,[::1]:7002',
    [
      { host: 'a', port: 7000 },
      { host: 'b', port: 6379 },
      { host: '::1', port: 7002 },
    ],
  ],
  REDIS_SESSION_SENTINEL_NAME: ['mymaster', 'mymaster'],
  REDIS_SESSION_SENTINEL_SENTINELS: [
    'a:1,b',
    [
      { host: 'a', port: 1 },
      { host: 'b', port: 26_379 },
    ],
  ],
  REDIS_SESSION_SENTINEL_USERNAME: ['watcher', 'watcher'],
  REDIS_SESSION_SENTINEL_PASSWORD: ['true', 'true'],
  REDIS_SESSION_STORE: ['memory', 'memory'],
  REDIS_SESSION_APPLICATION_NAME: ['shop', 'shop'],
  REDIS_SESSION_THROW_ON_ERROR: ['false', false],
  REDIS_SESSION_RETRY_TIMEOUT_IN_MILLISECONDS: ['5000', 5000],
  REDIS_SESSION_FAIL_FAST: ['true', true],
  REDIS_SESSION_CONNECTION_TIMEOUT_IN_MILLISECONDS: ['250', 250],
  REDIS_SESSION_OPERATION_TIMEOUT_IN_MILLISECONDS: ['250', 250],
  REDIS_SESSION_TIMEOUTS: ['nist-aal2', 'nist-aal2'],
  REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS: ['60', 60],
  REDIS_SESSION_MAX_IDLE_TIMEOUT_IN_SECONDS: ['86400', 86_400],
  REDIS_SESSION_ABSOLUTE_TIMEOUT_IN_SECONDS: ['3600', 3600],
  REDIS_SESSION_ROTATION_GRACE_IN_SECONDS: ['10', 10],
  REDIS_SESSION_LOG_OPERATIONS: ['true', true],
  REDIS_SESSION_SHUTDOWN_TIMEOUT_IN_MILLISECONDS: ['5000', 5000],
  REDIS_SESSION_COOKIE_NAME: ['shop', 'shop'],
  REDIS_SESSION_COOKIE_PATH: ['/shop', '/shop'],
  REDIS_SESSION_COOKIE_DOMAIN: ['example.com', 'example.com'],
  REDIS_SESSION_COOKIE_SECURE: ['True', true],
  REDIS_SESSION_COOKIE_HTTP_ONLY: ['false', false],
  REDIS_SESSION_COOKIE_SAME_SITE: ['strict', 'strict'],
  REDIS_SESSION_COOKIE_PARTITIONED: ['FALSE', false],
  REDIS_SESSION_COOKIE_PRIORITY: ['high', 'high'],
  REDIS_SESSION_COOKIE_PERSISTENT: ['true', true],
  REDIS_SESSION_HEADER_NAME: ['x-session', 'x-session'],
  REDIS_SESSION_HEADER_SCHEME: ['Session', 'Session'],
  REDIS_SESSION_HYDRATE: ['interceptor', 'interceptor'],
  REDIS_SESSION_SESSION_STATE: ['read-only', 'read-only'],
  REDIS_SESSION_SESSION_CACHE_CONTROL: ['no-store', 'no-store'],
  REDIS_SESSION_EXPIRES_HEADER: ['x-expires', 'x-expires'],
  REDIS_SESSION_TRUSTED_ORIGINS: [
    'https://a.example, http://localhost:4200',
    ['https://a.example', 'http://localhost:4200'],
  ],
  REDIS_SESSION_LOCK_LEASE_IN_MILLISECONDS: ['20000', 20_000],
  REDIS_SESSION_LOCK_MAX_HOLD_IN_MILLISECONDS: ['600000', 600_000],
  REDIS_SESSION_LOCK_WAIT_TIMEOUT_IN_MILLISECONDS: ['0', 0],
  REDIS_SESSION_LOCK_MAX_WAITERS: ['7', 7],
  REDIS_SESSION_ENCRYPTION_KEYS: [`${KEY}, ${KEY}`, [KEY, KEY]],
  REDIS_SESSION_ENCRYPTION_ACCEPT_PLAIN_TEXT: ['true', true],
  REDIS_SESSION_LISTED_ATTRIBUTES: ['city, userAgent', ['city', 'userAgent']],
  REDIS_SESSION_MAX_SESSIONS_PER_USER: ['5', 5],
  REDIS_SESSION_ON_SESSION_LIMIT: ['refuse', 'refuse'],
  REDIS_SESSION_CLASS_INSTANCES: ['plain', 'plain'],
  REDIS_SESSION_MAX_SESSION_BYTES: ['4096', 4096],
  REDIS_SESSION_MAX_DEPTH: ['12', 12],
  REDIS_SESSION_UNREADABLE_ATTRIBUTE: ['drop', 'drop'],
};

/** Other variables that a variable requires. */
const companions: Record<string, Record<string, string>> = {
  REDIS_SESSION_USERNAME: { REDIS_SESSION_ACCESS_KEY: 'key' },
  REDIS_SESSION_ENCRYPTION_ACCEPT_PLAIN_TEXT: { REDIS_SESSION_ENCRYPTION_KEYS: KEY },
  REDIS_SESSION_HEADER_SCHEME: { REDIS_SESSION_HEADER_NAME: 'x-session' },
  REDIS_SESSION_ON_SESSION_LIMIT: { REDIS_SESSION_MAX_SESSIONS_PER_USER: '5' },
};
const sentinel = { REDIS_SESSION_SENTINEL_NAME: 'mymaster', REDIS_SESSION_SENTINEL_SENTINELS: 'a' };

describe('the environment', () => {
  it.each(Object.entries(variables))('%s sets an option', (variable, [option]) => {
    const [text, value] = examples[variable]!;
    const others = variable.startsWith('REDIS_SESSION_SENTINEL_') ? sentinel : companions[variable];
    expect(valueAt(resolveOptions({}, { ...others, [variable]: text }), option)).toEqual(value);
  });

  it.each(Object.entries(variables))('%s is named after its option', (variable, [option]) => {
    const upperSnake = option.replace(/[A-Z]/g, '_$&').replace('.', '_').toUpperCase();
    expect(variable).toBe(`REDIS_SESSION_${upperSnake}`);
  });

  it('has a variable for every option that a string can express', () => {
    const groups = Object.keys(optionGroups);
    const withoutText = new Set([
      'client',
      'credentials',
      'tls',
      'serializer',
      'onForgedCredential',
      'observers',
      'events',
      'deviceBound',
      'cluster.options',
      'migrateFrom',
      // These belong together, and a schema is code.
      'schema',
      'schemaVersion',
      'onInvalidData',
      'indexes',
      ...groups,
    ]);
    const sayable = optionNames.filter((option) => !withoutText.has(option));
    expect(
      Object.values(variables)
        .map(([option]) => option)
        .toSorted(),
    ).toEqual(sayable.toSorted());
  });

  it('parses a connection string', () => {
    const env = { REDIS_SESSION_CONNECTION_STRING: 'rediss://redis.internal:7000/2' };
    expect(resolveOptions({}, env)).toMatchObject({
      host: 'redis.internal',
      port: 7000,
      ssl: true,
      databaseId: 2,
    });
  });

  it.each([
    ['true', true],
    ['False', false],
    ['auto', 'auto'],
  ])('parses REDIS_SESSION_COOKIE_SECURE=%s', (text, value) => {
    expect(resolveOptions({}, { REDIS_SESSION_COOKIE_SECURE: text }).cookie.secure).toBe(value);
  });

  it('treats an empty variable as not set', () => {
    const empty = Object.fromEntries(Object.keys(variables).map((variable) => [variable, '']));
    expect(optionsFromEnv(empty)).toEqual({});
  });
});

describe('the variables that Kubernetes sets for a Service', () => {
  it('are ignored if its name starts with redis-session', () => {
    const links = {
      REDIS_SESSION_SERVICE_HOST: '10.0.0.1',
      REDIS_SESSION_SERVICE_PORT: '6379',
      REDIS_SESSION_SERVICE_PORT_REDIS: '6379',
      REDIS_SESSION_PORT_6379_TCP: 'tcp://10.0.0.1:6379',
      REDIS_SESSION_PORT_6379_TCP_ADDR: '10.0.0.1',
      REDIS_SESSION_PORT_6379_TCP_PORT: '6379',
      REDIS_SESSION_PORT_6379_TCP_PROTO: 'tcp',
      REDIS_SESSION_STORE_SERVICE_HOST: '10.0.0.2',
      REDIS_SESSION_STORE_PORT: 'tcp://10.0.0.2:6379',
    };
    expect(faultsOf({}, links)).toEqual([]);
  });

  it('are named as the cause if one of them sets the port', () => {
    expect(faultsOf({}, { REDIS_SESSION_PORT: 'tcp://10.0.0.1:6379' })).toEqual([
      'port (REDIS_SESSION_PORT) is "tcp://10.0.0.1:6379", which Kubernetes sets for a Service named redis-session ' +
        '(set enableServiceLinks: false in the pod to prevent that); expected an integer from 1 to 65535.',
    ]);
  });
});

function valueAt(options: unknown, path: string): unknown {
  return path.split('.').reduce((part, name) => (isObject(part) ? part[name] : undefined), options);
}
