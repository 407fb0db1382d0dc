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
import { RedisClusterOptions, RedisSentinelOptions } from './topology-options.js';

/** Where Redis is, how to reach it, and how long to wait for it. */
export class RedisConnectionOptions {
  /**
   * Where Redis listens: a host name or an IP address.
   * @default '127.0.0.1'
   */
  @Host()
  readonly host: string = '127.0.0.1';

  /** @default 6379; 6380 where `ssl` is true */
  @IntegerFrom(1, 65_535)
  readonly port: number = 6379;

  /**
   * Says host, port, username, accessKey, ssl and databaseId in one text: `redis://`, `rediss://` (TLS) or the form that
   * the Azure portal hands out. It is taken apart at start; the resolved options hold its parts and not the text.
   * @default none
   * @example 'rediss://shop:p%40ssword@redis.example.com:6380/0'
   * @example 'name.redis.cache.windows.net:6380,password=…,ssl=True,abortConnect=False'
   */
  @Optional()
  @Text('"redis://…", "rediss://…" or "host:port,password=…,ssl=True"')
  readonly connectionString?: string;

  /**
   * The ACL user of Redis. Needs `accessKey`.
   * @default none, which is Redis's user `default`
   */
  @Optional()
  @Text('a user name')
  readonly username?: string;

  /**
   * The password of Redis.
   * @default none
   */
  @Optional()
  @Text('a text of at least one character')
  readonly accessKey?: string;

  /**
   * Encrypts the connection to Redis.
   * @default false; true where `tls` is given
   */
  @Flag()
  readonly ssl: boolean = false;

  /**
   * Options of Node's `tls.connect` for an encrypted connection. Giving them turns `ssl` on.
   * @default none
   * @example { ca: readFileSync('redis-ca.pem') }
   */
  @Optional()
  @Expect('an object (options of tls.connect); for TLS without any, set ssl to true', isObject)
  readonly tls?: ConnectionOptions;

  /**
   * The number of the Redis database. A cluster has database 0 only.
   * @default 0
   */
  @IntegerFrom(0)
  readonly databaseId: number = 0;

  /**
   * Connects to a Redis Cluster; takes the place of `host` and `port`.
   * @default none
   * @example { nodes: [{ host: 'redis-1' }, { host: 'redis-2' }] }
   */
  @Optional()
  @Group()
  readonly cluster?: RedisClusterOptions;

  /**
   * Connects to the master that Redis Sentinels name; takes the place of `host` and `port`.
   * @default none
   * @example { name: 'mymaster', sentinels: [{ host: 'sentinel-1' }] }
   */
  @Optional()
  @Group()
  readonly sentinel?: RedisSentinelOptions;

  /**
   * Uses a client of the application's, `Redis` or `Cluster` of ioredis 5 or 6, and never closes it.
   * @default none: the module makes a client and closes it on shutdown
   */
  @Optional()
  @HasMethods('a client of ioredis (Redis or Cluster)', 'defineCommand', 'on')
  readonly client?: Redis | Cluster;

  /**
   * How long a failed operation is tried again: after 20 ms, then every second, and once more when this time is over.
   * Milliseconds; 0 does not try again.
   * @default 0
   */
  @IntegerFrom(0)
  readonly retryTimeoutInMilliseconds: number = 0;

  /**
   * Gives up an attempt to connect after this long. Milliseconds.
   * @default 5000
   */
  @IntegerFrom(1)
  readonly connectionTimeoutInMilliseconds: number = 5000;

  /**
   * Gives up waiting for the answer to one operation after this long. Milliseconds.
   * @default 1000
   */
  @IntegerFrom(1)
  readonly operationTimeoutInMilliseconds: number = 1000;
}
