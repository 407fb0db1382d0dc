import type { ConnectionOptions } from 'node:tls';
import type { Cluster, Redis } from 'ioredis';
import {
  Expect,
  Flag,
  Group,
  HasMethods,
  Host,
  IntegerFrom,
  isObject,
  Optional,
  Text,
} from './expectations.js';
import type { RedisCredentialsProvider } from './redis-credentials.js';
import { RedisClusterOptions, RedisSentinelOptions } from './topology-options.js';

/** Where Redis is, how to reach it, and how long to wait for it. */
export class RedisConnectionOptions {
  /**
   * The host name or IP address of Redis.
   * @default '127.0.0.1'
   */
  @Host()
  readonly host: string = '127.0.0.1';

  /** The port of Redis. @default 6379; 6380 if `ssl` is true */
  @IntegerFrom(1, 65_535)
  readonly port: number = 6379;

  /**
   * Sets host, port, username, accessKey, ssl and databaseId in one string: `redis://`, `rediss://` (TLS) or the form that
   * the Azure portal shows. It is parsed at start; the resolved options contain its parts, not the string.
   * @default none
   * @example 'rediss://shop:p%40ssword@redis.example.com:6380/0'
   * @example 'name.redis.cache.windows.net:6380,password=…,ssl=True,abortConnect=False'
   */
  @Optional()
  @Text('"redis://…", "rediss://…" or "host:port,password=…,ssl=True"')
  readonly connectionString?: string;

  /**
   * The Redis ACL user. Needs `accessKey`.
   * @default none: Redis uses its user `default`
   */
  @Optional()
  @Text('a user name')
  readonly username?: string;

  /**
   * The password of Redis.
   * @default none
   */
  @Optional()
  @Text('a non-empty string')
  readonly accessKey?: string;

  /**
   * Returns the user and the password of Redis, for services whose passwords are tokens (Microsoft Entra ID, AWS IAM). Called
   * for each connection that is opened, and again before `expiresAt`; open connections then send AUTH. A call that fails or
   * takes longer than `connectionTimeoutInMilliseconds` is logged and tried again. Replaces `username` and `accessKey`.
   * @default none
   * @example async () => ({ username: 'shop', password: await token(), expiresAt: Date.now() + 3_600_000 })
   */
  @Optional()
  @Expect('a function that returns a promise of { username, password, expiresAt }', isFunction)
  readonly credentials?: RedisCredentialsProvider;

  /**
   * Encrypts the connection to Redis.
   * @default false; true if `tls` is set
   */
  @Flag()
  readonly ssl: boolean = false;

  /**
   * Options of Node's `tls.connect` for an encrypted connection. Setting them turns `ssl` on.
   * @default none
   * @example { ca: readFileSync('redis-ca.pem') }
   */
  @Optional()
  @Expect('an object with options of tls.connect; for TLS without options, set ssl to true', isObject)
  readonly tls?: ConnectionOptions;

  /**
   * The number of the Redis database. A cluster has only database 0.
   * @default 0
   */
  @IntegerFrom(0)
  readonly databaseId: number = 0;

  /**
   * Connects to a Redis Cluster. Replaces `host` and `port`.
   * @default none
   * @example { nodes: [{ host: 'redis-1' }, { host: 'redis-2' }] }
   */
  @Optional()
  @Group()
  readonly cluster?: RedisClusterOptions;

  /**
   * Connects to the master that Redis Sentinel reports. Replaces `host` and `port`.
   * @default none
   * @example { name: 'mymaster', sentinels: [{ host: 'sentinel-1' }] }
   */
  @Optional()
  @Group()
  readonly sentinel?: RedisSentinelOptions;

  /**
   * The application's own client: `Redis` or `Cluster` of ioredis 5 or 6. The module never closes it.
   * @default none: the module creates a client and closes it at shutdown
   */
  @Optional()
  @HasMethods('an ioredis client (Redis or Cluster)', 'defineCommand', 'on')
  readonly client?: Redis | Cluster;

  /**
   * How long a failed operation is retried: after 20 ms, then every second, and once more at the end of this time.
   * Milliseconds; 0 does not retry.
   * @default 0
   */
  @IntegerFrom(0)
  readonly retryTimeoutInMilliseconds: number = 0;

  /**
   * The timeout of an attempt to connect. Milliseconds.
   * @default 5000
   */
  @IntegerFrom(1)
  readonly connectionTimeoutInMilliseconds: number = 5000;

  /**
   * Refuses to start without Redis: if it does not answer within `connectionTimeoutInMilliseconds`, the start fails with a
   * SessionStartError. Otherwise the application starts, and sessions work as soon as Redis is reachable.
   * @default false
   */
  @Flag()
  readonly failFast: boolean = false;

  /**
   * How long an operation waits for Redis to answer. Milliseconds.
   * @default 1000
   */
  @IntegerFrom(1)
  readonly operationTimeoutInMilliseconds: number = 1000;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
