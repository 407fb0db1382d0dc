import type { AllowedOrigins } from '../request/allowed-origins.js';
import type { DeviceBinder } from '../request/device-hook.js';
import type { ForgedCredentialReport } from '../session/forged-credentials.js';
import { DEFAULT_MAX_DEPTH, jsonSerializer, type SessionSerializer } from '../session/session-serializer.js';
import { canNameAttribute } from '../session/session-proxy.js';
import type { SessionIndexer } from '../session/index-value.js';
import type { OnSessionLimit } from '../session/session-policy.js';
import { sessionStates, type SessionState } from '../session/session-state.js';
import type { SessionEventTarget } from '../session/session-event.js';
import type { SessionObserver } from '../session/session-observer.js';
import type { OnInvalidData } from '../session/session-shape.js';
import type { SessionStore } from '../session/session-store.js';
import { CookieOptions } from './cookie-options.js';
import {
  Expect,
  Flag,
  Group,
  HasMethods,
  hasMethods,
  IntegerFrom,
  isObject,
  OneOf,
  Optional,
  Text,
  Token,
} from './expectations.js';
import { EncryptionOptions } from './encryption-options.js';
import { ExpressSessionMigration } from './express-session.js';
import { HeaderOptions } from './header-options.js';
import { LockOptions } from './lock-options.js';
import { isSessionSchema, type SessionSchema } from './session-schema.js';
import { RedisConnectionOptions } from './redis-connection-options.js';
import { type TimeoutPreset, timeoutPresets } from './timeout-presets.js';
import { RedisClusterOptions, RedisSentinelOptions } from './topology-options.js';

/**
 * Every option with its default. Inject this class to read the options that the module uses: complete, validated and
 * frozen.
 * @example constructor(private readonly options: RedisSessionOptions) {}
 */
export class RedisSessionOptions extends RedisConnectionOptions {
  /**
   * Where sessions are stored: in Redis, in the memory of this process (for tests; it forgets them when it ends), or in
   * your own store, whose `close()` is called at shutdown if it has one. The last two ignore the connection options.
   * @default 'redis'
   */
  @Expect('"redis", "memory" or a SessionStore', isStore)
  readonly store: 'redis' | 'memory' | SessionStore = 'redis';

  /**
   * The prefix of this application's keys. Applications with different names can share one Redis without seeing each
   * other's sessions.
   * @default 'nest'
   * @example 'shop'
   */
  @Text(
    'a string of 1 to 128 characters without "{", "}", line breaks and control characters',
    /^(?=.*\S)[^{}\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u,
  )
  readonly applicationName: string = 'nest';

  /**
   * Answers with 503 if Redis is not available. With `false` the request continues with a session that is never stored,
   * and `session.lastException` says why.
   * @default true
   */
  @Flag()
  readonly throwOnError: boolean = true;

  /**
   * Sets `idleTimeoutInSeconds`, `maxIdleTimeoutInSeconds` and `absoluteTimeoutInSeconds` to what a standard recommends:
   *
   * | Preset             | idle       | absolute | Source |
   * | ------------------ | ---------- | -------- | ------ |
   * | `nist-aal1`        | yours      | 30 days  | NIST SP 800-63B-4, 2.1.3 |
   * | `nist-aal2`        | 1 hour     | 24 hours | NIST SP 800-63B-4, 2.2.3 |
   * | `nist-aal3`        | 15 minutes | 12 hours | NIST SP 800-63B-4, 2.3.3 |
   * | `owasp-high-value` | 5 minutes  | 4 hours  | OWASP Session Management Cheat Sheet, "Session Expiration" |
   * | `owasp-low-risk`   | 30 minutes | 8 hours  | the same |
   *
   * A timeout that you set yourself applies if it is shorter; a longer one is an error.
   * @default none
   * @example 'nist-aal2'
   */
  @Optional()
  @OneOf(...timeoutPresets)
  readonly timeouts?: TimeoutPreset;

  /**
   * Ends a session this long after its last request (OWASP ASVS 5.0 V7.3.1). Seconds, at least 1.
   * @default that of `timeouts`; 1200 (20 minutes, as in ASP.NET)
   */
  @IntegerFrom(1)
  readonly idleTimeoutInSeconds: number = 20 * 60;

  /**
   * The longest idle timeout that `session.idleTimeoutInSeconds` or `session.cookie.maxAge` can set for one session. A
   * longer one throws. Limits what a client can set if a handler assigns a request body to the session. Never more than
   * `absoluteTimeoutInSeconds`, if that is set. Seconds.
   * @default the idle timeout of `timeouts`; 2592000 (30 days); `idleTimeoutInSeconds` if that is longer
   */
  @IntegerFrom(1)
  readonly maxIdleTimeoutInSeconds: number = 30 * 24 * 3600;

  /**
   * Ends a session this long after its creation, or after the last `rotate({ authenticated: true })`, even if it is in use
   * (OWASP ASVS 5.0 V7.3.2). Seconds, at least 1.
   * @default that of `timeouts`; none
   * @example 12 * 60 * 60
   */
  @Optional()
  @IntegerFrom(1)
  readonly absoluteTimeoutInSeconds?: number;

  /**
   * Lets the secret that `rotate()` replaces read the session for this long, for requests that were under way. What it
   * writes is refused with 409. For this long, a planted or stolen cookie reads the session as well, so leave it at 0
   * unless such requests must not lose the session. Seconds, 0 to 60; by the clocks of the application's processes.
   * @default 0: the old secret is useless at once
   */
  @IntegerFrom(0, 60)
  readonly rotationGraceInSeconds: number = 0;

  /**
   * Called if a client presents a wrong secret for a session that exists: a guess, or an old cookie. At most once a minute
   * in each process, with the id of the session and the number of attempts since the last call; never with the secret.
   * What it throws is ignored.
   * @default none
   * @example ({ id, count }) => logger.warn(`${count} wrong secrets, the last for session ${id}`)
   */
  @Optional()
  @Expect('a function', (value) => typeof value === 'function')
  readonly onForgedCredential?: (report: ForgedCredentialReport) => void;

  /**
   * Hear of every operation on the store: for metrics, traces and logs. Without observers, nothing is measured.
   * @default none
   * @example [new OpenTelemetrySessionObserver()]
   */
  @Expect('an array of objects with the method begin', isObservers)
  readonly observers: readonly SessionObserver[] = [];

  /**
   * Hears what happens to sessions: `session.created`, `session.bound`, `session.rotated`, `session.destroyed`,
   * `session.expired`, `session.forged` and `session.lockLost`. A function, or an emitter such as the `EventEmitter2` of
   * @nestjs/event-emitter, which emits each under its name. Listeners run after the operation, and what they throw is logged
   * once. Without it, nothing is noted.
   * @default none
   * @example RedisSessionModule.forRootAsync({ inject: [EventEmitter2], useFactory: (events) => ({ events }) })
   */
  @Optional()
  @Expect('a function, or an object with the method emit', isEventTarget)
  readonly events?: SessionEventTarget;

  /**
   * Logs a line for every operation on the store, at level `debug` of Nest's Logger. Has no effect, and costs nothing, if the
   * level hides such lines when the application starts.
   * @default false
   */
  @Flag()
  readonly logOperations: boolean = false;

  /**
   * How long the shutdown waits for requests under way. Then it closes their connections and releases their locks, so that
   * a request that never ends does not keep the process alive. Milliseconds.
   * @default 20000
   */
  @IntegerFrom(1)
  readonly shutdownTimeoutInMilliseconds: number = 20_000;

  /** The cookie that carries the credential. Has no effect if `header` is set. */
  @Group()
  readonly cookie: CookieOptions = new CookieOptions();

  /**
   * Carries the credential in a header instead of the cookie.
   * @default none
   * @example { name: 'authorization' }
   */
  @Optional()
  @Group()
  readonly header?: HeaderOptions;

  /**
   * Migrates the sessions of another library, each at its visitor's next request.
   * @default none
   * @example expressSession({ secret: process.env.SECRET! })
   */
  @Optional()
  @Expect('what expressSession() returns', (value) => value instanceof ExpressSessionMigration)
  readonly migrateFrom?: ExpressSessionMigration;

  /**
   * Binds sessions to the devices of their visitors, so that a stolen cookie is useless elsewhere. Experimental: the
   * protocol (Device Bound Session Credentials) is a draft, and this option follows it in minor versions.
   * @default none
   * @example dbsc({ mode: 'observe', keys: [process.env.DEVICE_KEY!] }), from `nestjs-redis-session/dbsc`
   */
  @Optional()
  @HasMethods('what dbsc() of nestjs-redis-session/dbsc returns', 'create')
  readonly deviceBound?: DeviceBinder;

  /**
   * When the session is loaded: `'request'` for every request, before guards run; `'interceptor'` only around handlers.
   * With `'interceptor'`, guards cannot see the session, and static files and 404s cost nothing.
   * @default 'request'
   */
  @OneOf('request', 'interceptor')
  readonly hydrate: 'request' | 'interceptor' = 'request';

  /**
   * How routes use the session, unless `@SessionState` says otherwise: `'read-write'` without a lock, `'read-only'`,
   * `'exclusive'` one request at a time, `'disabled'` without a session. Any value but `'read-write'` adds an interceptor
   * to every handler.
   * @default 'read-write'
   */
  @OneOf(...sessionStates)
  readonly sessionState: SessionState = 'read-write';

  /**
   * The Cache-Control of an answer if the request read the session and the application sets none: `'private'` keeps the
   * answer out of shared caches, `'no-store'` out of the browser's cache too (OWASP ASVS 5.0 V14.3.2). An answer that sets
   * the cookie is never `public`, whatever the application sets.
   * @default 'private'
   */
  @OneOf('private', 'no-store')
  readonly sessionCacheControl: 'private' | 'no-store' = 'private';

  /**
   * The header in which every answer to a visitor with a session tells the whole seconds until the session ends unless it
   * is used again, so that a page can warn. Pages of other origins see it only with `Access-Control-Expose-Headers`.
   * @default none
   * @example 'x-session-expires-in'
   */
  @Optional()
  @Token('a header name such as "x-session-expires-in"')
  readonly expiresHeader?: string;

  /**
   * Other origins whose pages may send requests that `CrossSiteGuard` checks: a list, or a function that returns `true` to
   * trust an origin. The application's own origin is always trusted. The function is not asked about the origin `null`.
   * @default none
   * @example ['https://www.shop.example']
   */
  @Optional()
  @Expect(
    'a list of origins such as "https://shop.example", or a function',
    (value) => Array.isArray(value) || typeof value === 'function',
  )
  readonly trustedOrigins?: AllowedOrigins;

  /**
   * Further values by which `findByIndex` and `destroyByIndex` find sessions: a function for each, which returns the value of
   * a session, or nothing. It is called whenever a session is stored. The index `user` is always there; its function is
   * `(session) => session.user`, if that is a string or a number, unless you give another one.
   * @default none but `user`
   * @example { user: (session) => session.passport?.user, idp: (session) => session.idpSid }
   */
  @Expect('an object of functions, with names of 1 to 32 letters and digits', isIndexers)
  readonly indexes: Readonly<Record<string, SessionIndexer>> = {};

  /**
   * The attributes that `findByUser` and `findByIndex` return with each session: what a page "your devices" shows.
   * @default none
   * @example ['userAgent', 'city']
   */
  @Expect('an array of names of attributes', isAttributeNames)
  readonly listedAttributes: readonly string[] = [];

  /**
   * The maximum number of sessions that a user has at a time (OWASP ASVS 5.0 V7.1.2). A login counts the user's other
   * sessions first, one login of a user at a time. At least 1.
   * @default no limit
   * @example 5
   */
  @Optional()
  @IntegerFrom(1)
  readonly maxSessionsPerUser?: number;

  /**
   * What a login does if its user already has `maxSessionsPerUser` sessions: `'end-oldest'` ends the sessions that were
   * created first, `'refuse'` refuses the login with a SessionLimitError (409). Needs `maxSessionsPerUser`.
   * @default 'end-oldest'
   */
  @OneOf('end-oldest', 'refuse')
  readonly onSessionLimit: OnSessionLimit = 'end-oldest';

  /** How `exclusive` requests lock their session and wait for the lock. */
  @Group()
  readonly lock: LockOptions = new LockOptions();

  /**
   * Converts the values of attributes to text and back. `structuredSerializer()` of `nestjs-redis-session/structured` carries
   * Date, Map, Set, BigInt and bytes.
   * @default JSON, which refuses values that it cannot restore unchanged
   */
  @HasMethods('an object with the methods serialize and deserialize', 'serialize', 'deserialize')
  readonly serializer: SessionSerializer = jsonSerializer;

  /**
   * Encrypts the values of attributes in the store with AES-256-GCM (OWASP ASVS 5.0 V14.2.4). Names, times and ids of
   * sessions are not encrypted.
   * @default none
   * @example { keys: [process.env.SESSION_KEY!] }
   */
  @Optional()
  @Group()
  readonly encryption?: EncryptionOptions;

  /**
   * What to do with an attribute that is or contains an instance of a class: `'refuse'` it with a SessionDataError, or
   * store it as a `'plain'` object, for example a DTO that a ValidationPipe made. A plain object has only the own enumerable
   * properties, and later requests read it without its class. An instance with an accessor, a `toJSON()` or hidden
   * properties is refused with both values, and so is a built-in such as Map. `#private` fields are lost, because code
   * cannot detect them. A custom `serializer` ignores this option.
   * @default 'refuse'
   */
  @OneOf('refuse', 'plain')
  readonly classInstances: 'refuse' | 'plain' = 'refuse';

  /**
   * What a session holds: a Standard Schema (zod, valibot, arktype and others) of an object, or a class with rules of
   * class-validator. What does not match is not stored, and causes a SessionSchemaError that names its path. The first look
   * at a session checks what was stored. A schema only checks: its defaults and transformations change nothing. Its rules
   * must not be async.
   * @default none
   * @example z.object({ cart: z.array(z.object({ sku: z.string() })).optional() })
   */
  @Optional()
  @Expect('a Standard Schema, or a class with rules of class-validator', isSessionSchema)
  readonly schema?: SessionSchema;

  /**
   * The version of `schema`, stored with each session. Raise it when old sessions need `onInvalidData` to be of the new
   * shape. Needs `schema`.
   * @default 1
   */
  @IntegerFrom(1)
  readonly schemaVersion: number = 1;

  /**
   * What to do with a stored session that does not match `schema`: throw a SessionSchemaError (`'error'`), `'drop'` the
   * attributes that do not match, or a function that migrates it. The function gets every session of a lower `schemaVersion`,
   * and what it returns is stored. A session of a higher `schemaVersion` that does not match is always an error. Needs
   * `schema`.
   * @default 'error'
   * @example (data, fromVersion) => (fromVersion < 2 ? { ...data, total: { cents: data.total } } : data)
   */
  @Expect(
    '"error", "drop" or a function',
    (value) => value === 'error' || value === 'drop' || typeof value === 'function',
  )
  readonly onInvalidData: OnInvalidData = 'error';

  /**
   * The maximum size of a session: the names and serialized values of its attributes. A larger one is not stored. Bytes.
   * @default 65536 (64 KiB)
   */
  @IntegerFrom(1)
  readonly maxSessionBytes: number = 64 * 1024;

  /**
   * The maximum nesting of arrays and objects in an attribute. Deeper values are refused when they are stored and when
   * they are read. 1 to 1000: parsing and copying deeper values can exhaust the stack. Your own serializer receives the
   * limit.
   * @default 64
   */
  @IntegerFrom(1, 1000)
  readonly maxDepth: number = DEFAULT_MAX_DEPTH;

  /**
   * What to do if a stored value cannot be read: `'throw'` a SessionDataError that names the attribute, or `'drop'` the
   * attribute as if it had never been set.
   * @default 'throw'
   */
  @OneOf('throw', 'drop')
  readonly unreadableAttribute: 'throw' | 'drop' = 'throw';
}

/** The option groups and their classes. */
export const optionGroups = {
  cluster: RedisClusterOptions,
  sentinel: RedisSentinelOptions,
  cookie: CookieOptions,
  header: HeaderOptions,
  lock: LockOptions,
  encryption: EncryptionOptions,
} as const;

const storeMethods = [
  'create',
  'load',
  'save',
  'touch',
  'destroy',
  'loadExclusive',
  'renewLock',
  'releaseLock',
];

function isIndexers(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(value).every(
      ([name, indexer]) => /^[A-Za-z\d]{1,32}$/.test(name) && typeof indexer === 'function',
    )
  );
}

function isObservers(value: unknown): boolean {
  return Array.isArray(value) && value.every((observer) => hasMethods(observer, ['begin']));
}

function isEventTarget(value: unknown): boolean {
  return typeof value === 'function' || hasMethods(value, ['emit']);
}

function isAttributeNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && canNameAttribute(name));
}

function isStore(value: unknown): boolean {
  return value === 'redis' || value === 'memory' || hasMethods(value, storeMethods);
}
