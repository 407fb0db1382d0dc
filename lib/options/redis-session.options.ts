import { DEFAULT_MAX_DEPTH, jsonSerializer, type SessionSerializer } from '../session/session-serializer.js';
import { sessionStates, type SessionState } from '../session/session-state.js';
import type { SessionStore } from '../session/session-store.js';
import { CookieOptions } from './cookie-options.js';
import {
  Expect,
  Flag,
  Group,
  HasMethods,
  hasMethods,
  IntegerFrom,
  OneOf,
  Optional,
  Text,
} from './expectations.js';
import { ExpressSessionMigration } from './express-session.js';
import { HeaderOptions } from './header-options.js';
import { LockOptions } from './lock-options.js';
import { RedisConnectionOptions } from './redis-connection-options.js';
import { RedisClusterOptions, RedisSentinelOptions } from './topology-options.js';

/**
 * Every option with its default. Inject this class to read the options that the module runs with: complete, validated
 * and frozen.
 * @example constructor(private readonly options: RedisSessionOptions) {}
 */
export class RedisSessionOptions extends RedisConnectionOptions {
  /**
   * Where sessions are stored: in Redis, in the memory of this process (for tests, lost at its end), or in a store of
   * your own, whose `close()` is called at shutdown if it has one. The options of the connection have no effect on the
   * latter two.
   * @default 'redis'
   */
  @Expect('"redis", "memory" or a SessionStore', isStore)
  readonly store: 'redis' | 'memory' | SessionStore = 'redis';

  /**
   * Begins the keys of this application, so that several can share one Redis without seeing each other's sessions.
   * @default 'nest'
   * @example 'shop'
   */
  @Text(
    'a text of 1 to 128 characters without "{", "}", line breaks and control characters',
    /^(?=.*\S)[^{}\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u,
  )
  readonly applicationName: string = 'nest';

  /**
   * Answers 503 where Redis stays away. `false` lets the request go on with a session that is never stored;
   * `session.lastException` then tells why.
   * @default true
   */
  @Flag()
  readonly throwOnError: boolean = true;

  /**
   * Ends a session this long after its last request (OWASP ASVS 5.0 V7.3.1). Seconds, at least 1.
   * @default 1200 (20 minutes, as in ASP.NET)
   */
  @IntegerFrom(1)
  readonly idleTimeoutInSeconds: number = 20 * 60;

  /**
   * The longest idle timeout that one session can be given by `session.idleTimeoutInSeconds` or `session.cookie.maxAge`;
   * a longer one is an error. Bounds what a client can set if a handler assigns a request's body to the session. Never
   * more than `absoluteTimeoutInSeconds`, if that is set. Seconds.
   * @default 2592000 (30 days); `idleTimeoutInSeconds` if that is longer
   */
  @IntegerFrom(1)
  readonly maxIdleTimeoutInSeconds: number = 30 * 24 * 3600;

  /**
   * Ends a session this long after its beginning, however busy it is (OWASP ASVS 5.0 V7.3.2). Seconds, at least 1.
   * @default none
   * @example 12 * 60 * 60
   */
  @Optional()
  @IntegerFrom(1)
  readonly absoluteTimeoutInSeconds?: number;

  /** The cookie that carries the credential. Has no effect where `header` is given. */
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
   * Takes the sessions of other software over, a visitor at a time.
   * @default none
   * @example expressSession({ secret: process.env.SECRET! })
   */
  @Optional()
  @Expect('what expressSession() returns', (value) => value instanceof ExpressSessionMigration)
  readonly migrateFrom?: ExpressSessionMigration;

  /**
   * When the session is loaded: `'request'` for every request, before guards run; `'interceptor'` only around handlers,
   * so that guards cannot see it, and static files and 404s cost nothing.
   * @default 'request'
   */
  @OneOf('request', 'interceptor')
  readonly hydrate: 'request' | 'interceptor' = 'request';

  /**
   * What routes may do with the session unless `@SessionState` says otherwise: `'read-write'` without a lock,
   * `'read-only'`, `'exclusive'` one request at a time, `'disabled'` no session at all. Anything but `'read-write'` puts an
   * interceptor before every handler.
   * @default 'read-write'
   */
  @OneOf(...sessionStates)
  readonly sessionState: SessionState = 'read-write';

  /**
   * The Cache-Control of an answer for which the session was read, unless the application sets one: `'private'` keeps it
   * from shared caches, `'no-store'` from the browser's own cache too (OWASP ASVS 5.0 V14.3.2). An answer that sets the
   * cookie is never `public`, whatever the application sets.
   * @default 'private'
   */
  @OneOf('private', 'no-store')
  readonly sessionCacheControl: 'private' | 'no-store' = 'private';

  /** How requests of one session take turns where its state is `exclusive`. */
  @Group()
  readonly lock: LockOptions = new LockOptions();

  /**
   * Turns the values of attributes into text and back.
   * @default JSON, which refuses what it could not give back unchanged
   */
  @HasMethods('an object with the methods serialize and deserialize', 'serialize', 'deserialize')
  readonly serializer: SessionSerializer = jsonSerializer;

  /**
   * What happens to an attribute that is, or contains, the instance of a class: `'refuse'` it with a SessionDataError, or
   * store it as a `'plain'` object, such as a DTO that a ValidationPipe made. Only own enumerable properties are stored;
   * later requests read an object without the class. An instance that is more than them (an accessor, a `toJSON()`,
   * hidden properties, a built-in such as Map) is refused all the same. `#private` fields cannot be seen, and are lost.
   * A `serializer` of your own decides for itself.
   * @default 'refuse'
   */
  @OneOf('refuse', 'plain')
  readonly classInstances: 'refuse' | 'plain' = 'refuse';

  /**
   * Refuses to store more than this in one session, its attributes' names and serialized values together. Bytes.
   * @default 65536 (64 KiB)
   */
  @IntegerFrom(1)
  readonly maxSessionBytes: number = 64 * 1024;

  /**
   * Refuses attributes whose arrays and objects are nested deeper than this, when they are stored and when they are
   * read. 1 to 1000: parsing and copying deeper values can exhaust the stack. Your own serializer receives the limit.
   * @default 64
   */
  @IntegerFrom(1, 1000)
  readonly maxDepth: number = DEFAULT_MAX_DEPTH;

  /**
   * What happens where a stored value cannot be read: `'throw'` a SessionDataError that names the attribute, or `'drop'`
   * the attribute, as if it had never been set.
   * @default 'throw'
   */
  @OneOf('throw', 'drop')
  readonly unreadableAttribute: 'throw' | 'drop' = 'throw';
}

/** The options that hold options themselves, and the class of each. */
export const optionGroups = {
  cluster: RedisClusterOptions,
  sentinel: RedisSentinelOptions,
  cookie: CookieOptions,
  header: HeaderOptions,
  lock: LockOptions,
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

function isStore(value: unknown): boolean {
  return value === 'redis' || value === 'memory' || hasMethods(value, storeMethods);
}
