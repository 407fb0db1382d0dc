import { ValidateNested } from 'class-validator';
import type { ClusterOptions } from 'ioredis';
import { Expect, Host, IntegerFrom, isObject, Optional, Text } from './expectations.js';

/** Where one Redis server listens. */
export class RedisNode {
  /** @example 'redis-1.internal' */
  @Host()
  readonly host!: string;

  /** @default 6379 */
  @IntegerFrom(1, 65_535)
  readonly port: number = 6379;
}

/** Where one Sentinel listens. */
export class SentinelNode extends RedisNode {
  /** @default 26379 */
  @IntegerFrom(1, 65_535)
  override readonly port: number = 26_379;
}

/** A Redis Cluster. */
export class RedisClusterOptions {
  /**
   * Some nodes of the cluster; the others are found through them.
   * @example [{ host: 'redis-1', port: 6379 }, { host: 'redis-2', port: 6379 }]
   */
  @Nodes(RedisNode)
  readonly nodes!: readonly RedisNode[];

  /**
   * Options of ioredis's Cluster, such as `natMap` or `dnsLookup`. Those that decide about retries and queues are set
   * by this package.
   * @default none
   */
  @Optional()
  @Expect('an object (the ClusterOptions of ioredis)', isObject)
  readonly options?: ClusterOptions;
}

/** A Redis that Sentinels watch over and fail over. */
export class RedisSentinelOptions {
  /**
   * The name under which the Sentinels know the master.
   * @example 'mymaster'
   */
  @Text('the name of the master, such as "mymaster"')
  readonly name!: string;

  /**
   * Some of the Sentinels; the others are found through them.
   * @example [{ host: 'sentinel-1', port: 26379 }]
   */
  @Nodes(SentinelNode)
  readonly sentinels!: readonly SentinelNode[];

  /**
   * The user that the Sentinels themselves ask for; that of Redis is the option `username`.
   * @default none
   */
  @Optional()
  @Text('a user name')
  readonly username?: string;

  /**
   * The password that the Sentinels themselves ask for; that of Redis is the option `accessKey`.
   * @default none
   */
  @Optional()
  @Text('a text of at least one character')
  readonly password?: string;
}

function Nodes(type: typeof RedisNode): PropertyDecorator {
  return (target, property) => {
    Expect(
      'at least one { host, port }; in the environment "host:port,host:port"',
      (value) => Array.isArray(value) && value.length > 0 && value.every((node) => node instanceof type),
    )(target, property);
    ValidateNested({ each: true })(target, property);
  };
}
