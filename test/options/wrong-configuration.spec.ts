import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { InMemorySessionStore } from '../../lib/memory/in-memory-session.store.js';
import { SessionOptionsError } from '../../lib/session/session.errors.js';
import { expressSession } from '../../lib/options/express-session.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { faultsOf } from './faults-of.js';

const nodes = [{ host: 'a' }];
const credentials = async () => ({ password: 'hunter2' });
const client = new Redis({ lazyConnect: true });

const cookieSecure = 'cookie.secure (REDIS_SESSION_COOKIE_SECURE)';
const hostName = 'cookie.name (REDIS_SESSION_COOKIE_NAME) is "__Host-shop"';
const nameRule =
  'expected a string of 1 to 128 characters without "{", "}", line breaks and control characters.';
const nodesRule = 'expected at least one { host, port }; in the environment "host:port,host:port".';
const indexRule = 'expected an object of functions, with names of 1 to 32 letters and digits.';
const upTo = (least: number) => `expected an integer from ${least} to 2147483647.`;

type Mistake = readonly [mistake: string, given: object, env: Record<string, string>, ...faults: string[]];

/** Nested lists, deeper than any recursion can go. */
const deepList = Array.from({ length: 20_000 }).reduce<unknown[]>((inner) => [inner], []);
const withoutIndex = Object.assign(new InMemorySessionStore(), { index: undefined });
const noText = { toString: 1 };

const mistakes: readonly Mistake[] = [
  [
    'credentials that are no function',
    { credentials: { username: 'shop', password: 'hunter2' } },
    {},
    'credentials is an object; expected a function that returns a promise of { username, password, expiresAt }.',
  ],
  [
    'credentials and a password',
    { credentials, username: 'shop', accessKey: 'hunter2' },
    {},
    'credentials is set together with username (REDIS_SESSION_USERNAME) and accessKey (REDIS_SESSION_ACCESS_KEY), which it replaces. Remove credentials, or username and accessKey.',
  ],
  [
    'credentials and a password in a connection string',
    { credentials, connectionString: 'redis://:hunter2@redis' },
    {},
    'connectionString (REDIS_SESSION_CONNECTION_STRING) has a password while credentials is set, which replaces it. Remove one of them.',
  ],
  [
    'credentials and a password in REDIS_URL',
    { credentials },
    { REDIS_URL: 'redis://:hunter2@redis' },
    'REDIS_URL has a password while credentials is set, which replaces it. Remove one of them.',
  ],
  [
    'credentials and a client that has its own',
    { credentials, client },
    {},
    'client is set together with credentials, which it replaces. Remove client, or credentials.',
  ],
  ['a deeply nested list for a group', { header: deepList }, {}, 'header is an array; expected an object.'],
  ['a list for a group', { lock: [{ constructor: null }] }, {}, 'lock is an array; expected an object.'],
  [
    'a deeply nested list for a node',
    { cluster: { nodes: [deepList] } },
    {},
    `cluster.nodes (REDIS_SESSION_CLUSTER_NODES) is an array; ${nodesRule}`,
  ],
  [
    'objects that cannot be converted to strings',
    { maxIdleTimeoutInSeconds: [noText], operationTimeoutInMilliseconds: [noText], cookie: { name: noText } },
    {},
    `maxIdleTimeoutInSeconds (REDIS_SESSION_MAX_IDLE_TIMEOUT_IN_SECONDS) is an array; ${upTo(1)}`,
    "cookie.name (REDIS_SESSION_COOKIE_NAME) is an object; expected a cookie name of letters, digits and !#$%&'*+-.^_`|~ (RFC 6265).",
    `operationTimeoutInMilliseconds (REDIS_SESSION_OPERATION_TIMEOUT_IN_MILLISECONDS) is an array; ${upTo(1)}`,
  ],
  [
    'a name longer than any typo',
    { ['x'.repeat(101)]: 1 },
    {},
    `unknown option "${'x'.repeat(101)}"; no option has this name.`,
  ],
  [
    'the class of an observer instead of an object of it',
    {
      observers: [
        class {
          begin(): void {}
        },
      ],
    },
    {},
    'observers is an array; expected an array of objects with the method begin.',
  ],
  [
    'events for the name of an emitter',
    { events: 'EventEmitter2' },
    {},
    'events is "EventEmitter2"; expected a function, or an object with the method emit.',
  ],
  ['an index that is no function', { indexes: { idp: 'idpSid' } }, {}, `indexes is an object; ${indexRule}`],
  [
    'an index with a name that cannot be in a key',
    { indexes: { id_p: () => '1' } },
    {},
    `indexes is an object; ${indexRule}`,
  ],
  [
    'listed attributes that no session can have',
    {},
    { REDIS_SESSION_LISTED_ATTRIBUTES: 'city,id' },
    'listedAttributes (REDIS_SESSION_LISTED_ATTRIBUTES) is an array; expected an array of names of attributes.',
  ],
  [
    'a limit of no session',
    { maxSessionsPerUser: 0 },
    {},
    `maxSessionsPerUser (REDIS_SESSION_MAX_SESSIONS_PER_USER) is 0; ${upTo(1)}`,
  ],
  [
    'a limit that nobody knows how to keep',
    { maxSessionsPerUser: 2 },
    { REDIS_SESSION_ON_SESSION_LIMIT: 'end-newest' },
    'onSessionLimit (REDIS_SESSION_ON_SESSION_LIMIT) is "end-newest"; expected "end-oldest" or "refuse".',
  ],
  [
    'what to do at a limit, and no limit',
    { onSessionLimit: 'refuse' },
    {},
    'onSessionLimit (REDIS_SESSION_ON_SESSION_LIMIT) is set without maxSessionsPerUser (REDIS_SESSION_MAX_SESSIONS_PER_USER), so it has no effect. Set maxSessionsPerUser, or remove onSessionLimit.',
  ],
  [
    'a limit for a store that cannot find sessions',
    { store: withoutIndex, maxSessionsPerUser: 2 },
    {},
    'maxSessionsPerUser (REDIS_SESSION_MAX_SESSIONS_PER_USER) is 2 while store is a SessionStore without an index that can lock, so it cannot count the sessions of a user. Implement SessionStore.index, or remove maxSessionsPerUser.',
  ],
  [
    'origins that are no origins',
    { trustedOrigins: ['https://shop.example/', 'https://ada:secret@shop.example', deepList] },
    {},
    'trustedOrigins (REDIS_SESSION_TRUSTED_ORIGINS) contains "https://shop.example/", which is not the origin of a site. Write scheme, host and port only, like "https://shop.example" or "http://localhost:4200".',
    'trustedOrigins (REDIS_SESSION_TRUSTED_ORIGINS) contains a URL with a user name, which is not the origin of a site. Write scheme, host and port only, like "https://shop.example" or "http://localhost:4200".',
    'trustedOrigins (REDIS_SESSION_TRUSTED_ORIGINS) contains a value of type object, which is not the origin of a site. Write scheme, host and port only, like "https://shop.example" or "http://localhost:4200".',
  ],
  [
    'a header that cannot be one',
    { expiresHeader: 'seconds left' },
    {},
    'expiresHeader (REDIS_SESSION_EXPIRES_HEADER) is "seconds left"; expected a header name such as "x-session-expires-in".',
  ],
  [
    'one header for the credential and the seconds',
    { header: { name: 'x-session' }, expiresHeader: 'X-Session' },
    {},
    'expiresHeader (REDIS_SESSION_EXPIRES_HEADER) is "X-Session", which is also header.name (REDIS_SESSION_HEADER_NAME); the header carries the credential. Choose another name.',
  ],
  ...(
    [
      ['no key', []],
      ['a password as a key', ['correct horse battery staple']],
      ['a key of 16 bytes', [Buffer.alloc(16).toString('base64')]],
      ['a key in hex', [Buffer.alloc(32).toString('hex')]],
      ['a wrong key beside a good one', [Buffer.alloc(32), Buffer.alloc(31)]],
      ['one key instead of a list', Buffer.alloc(32).toString('base64')],
      ['a key service without current', new Map()],
    ] as const
  ).map(([mistake, keys]): Mistake => [
    mistake,
    { encryption: { keys } },
    {},
    'encryption.keys (REDIS_SESSION_ENCRYPTION_KEYS) cannot be used (its value is not shown); expected at least one key of 32 random bytes, in base64 or as a Buffer, or an object with current and get().',
  ]),
  [
    'an empty key in the environment',
    {},
    { REDIS_SESSION_ENCRYPTION_KEYS: 'secret,' },
    'encryption.keys (REDIS_SESSION_ENCRYPTION_KEYS) cannot be used (its value is not shown); expected at least one key of 32 random bytes, in base64 or as a Buffer, or an object with current and get().',
  ],
  [
    'encryption without keys',
    { encryption: { acceptPlainText: true } },
    {},
    'encryption.keys (REDIS_SESSION_ENCRYPTION_KEYS) is missing; expected at least one key of 32 random bytes, in base64 or as a Buffer, or an object with current and get().',
  ],
  [
    'one origin instead of a list',
    { trustedOrigins: 'https://shop.example' },
    {},
    'trustedOrigins (REDIS_SESSION_TRUSTED_ORIGINS) is a string that is not shown because it may contain a password; expected a list of origins such as "https://shop.example", or a function.',
  ],
  [
    'a number followed by letters',
    {},
    { REDIS_SESSION_PORT: '12abc' },
    'port (REDIS_SESSION_PORT) is "12abc"; expected an integer from 1 to 65535.',
  ],
  [
    'a blank for a number',
    {},
    { REDIS_SESSION_DATABASE_ID: ' ' },
    `databaseId (REDIS_SESSION_DATABASE_ID) is " "; ${upTo(0)}`,
  ],
  [
    'a port as a string, as ConfigService.get returns it',
    { port: '6379' },
    {},
    'port (REDIS_SESSION_PORT) is the string "6379"; expected an integer from 1 to 65535.',
  ],
  [
    'a port out of range',
    { port: 65_536 },
    {},
    'port (REDIS_SESSION_PORT) is 65536; expected an integer from 1 to 65535.',
  ],
  [
    'another word for a boolean',
    {},
    { REDIS_SESSION_SSL: 'yes' },
    'ssl (REDIS_SESSION_SSL) is "yes"; expected true or false.',
  ],
  [
    'a boolean as a string',
    { throwOnError: 'false' },
    {},
    'throwOnError (REDIS_SESSION_THROW_ON_ERROR) is the string "false"; expected true or false.',
  ],
  [
    'null',
    { applicationName: null },
    {},
    `applicationName (REDIS_SESSION_APPLICATION_NAME) is null; ${nameRule}`,
  ],
  ['an option with a typo', { databseId: 1 }, {}, 'unknown option "databseId"; did you mean "databaseId"?'],
  [
    'an option of a group with a typo',
    { cookie: { samesite: 'lax' } },
    {},
    'unknown option "cookie.samesite"; did you mean "cookie.sameSite"?',
  ],
  [
    'an option of a group at the top level',
    { sameSite: 'lax' },
    {},
    'unknown option "sameSite"; did you mean "cookie.sameSite"?',
  ],
  [
    'the name of the option in other packages',
    { ttl: 60 },
    {},
    'unknown option "ttl"; did you mean "idleTimeoutInSeconds"?',
  ],
  [
    'an unknown option that resembles no other',
    { quux: false },
    {},
    'unknown option "quux"; no option has this name.',
  ],
  [
    'a variable with a typo',
    {},
    { REDIS_SESSION_HOTS: 'x' },
    'unknown environment variable "REDIS_SESSION_HOTS"; did you mean "REDIS_SESSION_HOST"?',
  ],
  [
    'a variable without its group',
    {},
    { REDIS_SESSION_SAME_SITE: 'lax' },
    'unknown environment variable "REDIS_SESSION_SAME_SITE"; did you mean "REDIS_SESSION_COOKIE_SAME_SITE"?',
  ],
  [
    'a variable with a common name',
    {},
    { REDIS_SESSION_PASSWORD: 'hunter2' },
    'unknown environment variable "REDIS_SESSION_PASSWORD"; did you mean "REDIS_SESSION_ACCESS_KEY"?',
  ],
  [
    'a URL as host',
    { host: 'redis://:hunter2@cache' },
    {},
    'host (REDIS_SESSION_HOST) is a string that is not shown because it may contain a password; expected only a host name or an IP address (use connectionString for a URL).',
  ],
  [
    'a port in the host',
    { host: 'localhost:6379' },
    {},
    'host (REDIS_SESSION_HOST) is "localhost:6379"; expected only a host name or an IP address (use connectionString for a URL).',
  ],
  [
    'an access key that is not a string',
    { accessKey: 12_345 },
    {},
    'accessKey (REDIS_SESSION_ACCESS_KEY) cannot be used (its value is not shown); expected a non-empty string.',
  ],
  [
    'true for tls',
    { tls: true },
    {},
    'tls cannot be used (its value is not shown); expected an object with options of tls.connect; for TLS without options, set ssl to true.',
  ],
  [
    'an unknown store',
    {},
    { REDIS_SESSION_STORE: 'file' },
    'store (REDIS_SESSION_STORE) is "file"; expected "redis", "memory" or a SessionStore.',
  ],
  [
    'a serializer with only one method',
    { serializer: { serialize: String } },
    {},
    'serializer is an object; expected an object with the methods serialize and deserialize.',
  ],
  [
    'a cluster without nodes',
    { cluster: {} },
    {},
    `cluster.nodes (REDIS_SESSION_CLUSTER_NODES) is missing; ${nodesRule}`,
  ],
  [
    'cluster nodes that are not addresses',
    {},
    { REDIS_SESSION_CLUSTER_NODES: 'a:b:c' },
    `cluster.nodes (REDIS_SESSION_CLUSTER_NODES) is "a:b:c"; ${nodesRule}`,
  ],
  [
    'one invalid node of several',
    {},
    { REDIS_SESSION_CLUSTER_NODES: 'a:1,b:70000' },
    'cluster.nodes[1].port (REDIS_SESSION_CLUSTER_NODES) is 70000; expected an integer from 1 to 65535.',
  ],
  [
    'Sentinels without the name of their master',
    { sentinel: { sentinels: nodes } },
    {},
    'sentinel.name (REDIS_SESSION_SENTINEL_NAME) is missing; expected the name of the master, such as "mymaster".',
  ],
  [
    'a header without a name',
    {},
    { REDIS_SESSION_HEADER_SCHEME: 'Bearer' },
    'header.name (REDIS_SESSION_HEADER_NAME) is missing; expected a header name such as "authorization".',
  ],
  [
    'a cookie name with a blank',
    { cookie: { name: 'my shop' } },
    {},
    'cookie.name (REDIS_SESSION_COOKIE_NAME) is "my shop"; expected a cookie name of letters, digits and !#$%&\'*+-.^_`|~ (RFC 6265).',
  ],
  [
    'a domain that injects a cookie attribute',
    { cookie: { domain: 'a.com; Secure' } },
    {},
    'cookie.domain (REDIS_SESSION_COOKIE_DOMAIN) is "a.com; Secure"; expected a domain such as "example.com".',
  ],
  [
    'a path that does not start with /',
    { cookie: { path: 'shop' } },
    {},
    'cookie.path (REDIS_SESSION_COOKIE_PATH) is "shop"; expected a path that starts with "/" and contains no ";" or control character.',
  ],
  [
    'an unknown sameSite',
    {},
    { REDIS_SESSION_COOKIE_SAME_SITE: 'Lax' },
    'cookie.sameSite (REDIS_SESSION_COOKIE_SAME_SITE) is "Lax"; expected "lax", "strict", "none" or "auto".',
  ],
  [
    'another word for secure',
    {},
    { REDIS_SESSION_COOKIE_SECURE: 'yes' },
    `${cookieSecure} is "yes"; expected true, false or "auto".`,
  ],
  [
    'an unknown hydrate',
    { hydrate: 'guard' },
    {},
    'hydrate (REDIS_SESSION_HYDRATE) is "guard"; expected "request" or "interceptor".',
  ],
  [
    'an unknown session state',
    { sessionState: 'readonly' },
    {},
    'sessionState (REDIS_SESSION_SESSION_STATE) is "readonly"; expected "read-write", "read-only", "exclusive" or "disabled".',
  ],
  [
    'a connection string together with host and port',
    {},
    {
      REDIS_SESSION_CONNECTION_STRING: 'redis://a',
      REDIS_SESSION_HOST: 'b',
      REDIS_SESSION_PORT: '1',
    },
    'connectionString (REDIS_SESSION_CONNECTION_STRING) is set together with host (REDIS_SESSION_HOST) and port (REDIS_SESSION_PORT), which it replaces. Remove connectionString, or host and port.',
  ],
  [
    'a client together with a host',
    { client, host: 'a' },
    {},
    'client is set together with host (REDIS_SESSION_HOST), which it replaces. Remove client, or host.',
  ],
  [
    'a cluster together with Sentinels',
    { cluster: { nodes }, sentinel: { name: 'm', sentinels: nodes } },
    {},
    'cluster is set together with sentinel, which it replaces. Remove cluster, or sentinel.',
  ],
  [
    'a database number with a cluster',
    { cluster: { nodes }, databaseId: 2 },
    {},
    'databaseId (REDIS_SESSION_DATABASE_ID) is 2 while cluster is set; a Redis Cluster has only database 0. Remove databaseId.',
  ],
  [
    'a user name without a password',
    { username: 'shop' },
    {},
    'username (REDIS_SESSION_USERNAME) is set without accessKey (REDIS_SESSION_ACCESS_KEY); Redis accepts a user name only with a password. Set accessKey, or remove username.',
  ],
  [
    'tls options without TLS',
    { tls: {}, ssl: false },
    {},
    'ssl (REDIS_SESSION_SSL) is false while tls is set, so tls has no effect. Set ssl to true (in a connectionString: "rediss://" or "ssl=True"), or remove tls.',
  ],
  [
    'sameSite none with secure false',
    { cookie: { sameSite: 'none', secure: false } },
    {},
    `${cookieSecure} is false while cookie.sameSite (REDIS_SESSION_COOKIE_SAME_SITE) is "none"; browsers reject that cookie. Set cookie.secure to true.`,
  ],
  [
    'sameSite none without secure',
    { cookie: { sameSite: 'none' } },
    {},
    `${cookieSecure} is "auto" while cookie.sameSite (REDIS_SESSION_COOKIE_SAME_SITE) is "none"; browsers reject that cookie. Set cookie.secure to true.`,
  ],
  [
    'sameSite auto with secure false',
    { cookie: { sameSite: 'auto', secure: false } },
    {},
    `${cookieSecure} is false while cookie.sameSite (REDIS_SESSION_COOKIE_SAME_SITE) is "auto"; browsers reject that cookie. Set cookie.secure to true.`,
  ],
  [
    'partitioned without secure',
    { cookie: { partitioned: true } },
    {},
    `${cookieSecure} is "auto" while cookie.partitioned (REDIS_SESSION_COOKIE_PARTITIONED) is true; browsers reject that cookie. Set cookie.secure to true.`,
  ],
  [
    'a __Host- name with a domain',
    { cookie: { name: '__Host-shop', secure: true, domain: 'a.com' } },
    {},
    `${hostName} while cookie.domain (REDIS_SESSION_COOKIE_DOMAIN) is "a.com"; browsers reject that cookie. Remove cookie.domain, or choose another name.`,
  ],
  [
    'a __Host- name with a path',
    { cookie: { name: '__Host-shop', secure: true, path: '/shop' } },
    {},
    `${hostName} while cookie.path (REDIS_SESSION_COOKIE_PATH) is "/shop"; browsers reject that cookie. Set cookie.path to "/", or choose another name.`,
  ],
  [
    'a __Host- name with secure auto',
    { cookie: { name: '__Host-shop' } },
    {},
    `${hostName} while ${cookieSecure} is "auto"; browsers reject that cookie. Set cookie.secure to true, or choose another name.`,
  ],
  [
    'a __Secure- name in any case with secure false',
    { cookie: { name: '__secure-shop', secure: false } },
    {},
    `cookie.name (REDIS_SESSION_COOKIE_NAME) is "__secure-shop" while ${cookieSecure} is false; browsers reject that cookie. Set cookie.secure to true, or choose another name.`,
  ],
  [
    'a maximum idle timeout below the default idle timeout',
    { maxIdleTimeoutInSeconds: 600 },
    {},
    'maxIdleTimeoutInSeconds (REDIS_SESSION_MAX_IDLE_TIMEOUT_IN_SECONDS) is 600 while idleTimeoutInSeconds (REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS) is 1200; it must not be less. Raise maxIdleTimeoutInSeconds, or remove it.',
  ],
  [
    'a lease shorter than the operation timeout',
    { lock: { leaseInMilliseconds: 500 } },
    {},
    'lock.leaseInMilliseconds (REDIS_SESSION_LOCK_LEASE_IN_MILLISECONDS) is 500 while operationTimeoutInMilliseconds (REDIS_SESSION_OPERATION_TIMEOUT_IN_MILLISECONDS) is 1000; a lock could expire before one operation ends. Raise lock.leaseInMilliseconds.',
  ],
  [
    'a lease longer than the maximum hold',
    { lock: { leaseInMilliseconds: 60_000, maxHoldInMilliseconds: 40_000 } },
    {},
    'lock.maxHoldInMilliseconds (REDIS_SESSION_LOCK_MAX_HOLD_IN_MILLISECONDS) is 40000 while lock.leaseInMilliseconds (REDIS_SESSION_LOCK_LEASE_IN_MILLISECONDS) is 60000; a lease must not be longer than a lock can be held. Raise lock.maxHoldInMilliseconds, or lower lock.leaseInMilliseconds.',
  ],
];

describe('wrong configuration', () => {
  it.each(mistakes)(
    'is refused with a message that names the remedy: %s',
    (_mistake, given, env, ...faults) => {
      expect(faultsOf(given, env)).toEqual(faults);
    },
  );

  it.each([
    [{ migrateFrom: null }, 'migrateFrom is null; expected what expressSession() returns.'],
    [{ migrateFrom: null, store: 'memory' }, 'migrateFrom is null; expected what expressSession() returns.'],
    [JSON.parse('{"__proto__":{"host":"b"}}'), 'unknown option "__proto__"; no option has this name.'],
    [JSON.parse('{"__proto__":null}'), 'unknown option "__proto__"; no option has this name.'],
    [{ constructor: 1 }, 'unknown option "constructor"; no option has this name.'],
    [{ hasOwnProperty: 1 }, 'unknown option "hasOwnProperty"; no option has this name.'],
    [
      { cookie: JSON.parse('{"__proto__":{"secure":false}}') },
      'unknown option "cookie.__proto__"; no option has this name.',
    ],
    [
      { cluster: { nodes: [JSON.parse('{"host":"a","__proto__":{}}')] } },
      'unknown option "cluster.nodes[0].__proto__"; no option has this name.',
    ],
  ])('causes no TypeError: %j', (given: object, fault) => {
    expect(faultsOf(given)).toEqual([fault]);
  });

  it.each([undefined, null, {}, { secret: [] }, { secret: null }])(
    'of expressSession() causes no TypeError: %j',
    (given) => {
      const faults = [expect.stringMatching(/^migrateFrom: secret cannot be used/)];
      expect(() => expressSession(given as never)).toThrow(expect.objectContaining({ faults }));
    },
  );

  it('fails the start with one error that lists every fault', () => {
    const given = { port: 0, cookie: { sameSite: 'none' as const }, hots: 'x' };
    const env = { REDIS_SESSION_SSL: 'on', REDIS_SESSION_HOTS: 'x' };
    const start = () => resolveOptions(given, env);
    expect(start).toThrow(SessionOptionsError);
    expect(start).toThrow(
      [
        'RedisSessionModule cannot start with these options:',
        '  - unknown environment variable "REDIS_SESSION_HOTS"; did you mean "REDIS_SESSION_HOST"?',
        '  - unknown option "hots"; did you mean "host"?',
        '  - port (REDIS_SESSION_PORT) is 0; expected an integer from 1 to 65535.',
        '  - ssl (REDIS_SESSION_SSL) is "on"; expected true or false.',
        `  - ${cookieSecure} is "auto" while cookie.sameSite (REDIS_SESSION_COOKIE_SAME_SITE) is "none"; browsers reject that cookie. Set cookie.secure to true.`,
      ].join('\n'),
    );
  });

  it('does not appear in the error if it could be a secret', () => {
    const secret = { hunter2: 'hunter2' };
    const wrong = [
      faultsOf({ accessKey: secret, tls: 'hunter2', connectionString: ['hunter2'] }),
      faultsOf({ sentinel: { name: 'm', sentinels: 'u:hunter2@a:1', password: ['hunter2'] } }),
      faultsOf({
        host: 'cache,password=hunter2',
        cluster: 'redis://:hunter2@a',
        client: 'redis://:hunter2@a',
      }),
      faultsOf({}, { REDIS_SESSION_ACCESSKEY: 'hunter2', REDIS_SESSION_CLUSTER_NODES: 'u:hunter2@a:1' }),
    ];
    expect(wrong.every((faults) => faults.length > 0)).toBe(true);
    expect(wrong.flat().join('\n')).not.toContain('hunter2');
  });
});
