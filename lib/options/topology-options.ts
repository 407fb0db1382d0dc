import { ValidateNested } from 'class-validator';
import type { ClusterOptions } from 'ioredis';
import { Expect, Host, IntegerFrom, isObject, Optional, Text } from './expectations.js';

/** The address of one Redis server. */
export class RedisNode {
  /** @example 'redis-1.internal' */
  @Host()
  readonly host!: string;

  /** @default 6379 */
  @IntegerFrom(1, 65_535)
  readonly port: number = 6379;
}

/** The address of one Sentinel. */
export class SentinelNode extends RedisNode {
  /** @default 26379 */
  @IntegerFrom(1, 65_535)
  override readonly port: number = 26_379;
}

/** A Redis Cluster. */
export class RedisClusterOptions {
  /**
   * Some nodes of the cluster. The client discovers the others.
   * @example [{ host: 'redis-1', port: 6379 }, { host: 'redis-2', port: 6379 }]
   */
  @Nodes(RedisNode)
  readonly nodes!: readonly RedisNode[];

  /**
   * Options of the ioredis `Cluster`, such as `natMap` or `dnsLookup`. This package sets those for retries and queues.
   * @default none
   */
  @Optional()
  @Expect('an object (the ClusterOptions of ioredis)', isObject)
  readonly options?: ClusterOptions;
}

/** A Redis master that Sentinels monitor. */
export class RedisSentinelOptions {
  /**
   * The name of the master, as configured in the Sentinels.
   * @example 'mymaster'
   */
  @Text('the name of the master, such as "mymaster"')
  readonly name!: string;

  /**
   * Some of the Sentinels. The client discovers the others.
   * @example [{ host: 'sentinel-1', port: 26379 }]
   */
  @Nodes(SentinelNode)
  readonly sentinels!: readonly SentinelNode[];

  /**
   * The user name for the Sentinels. For Redis itself, set `username`.
   * @default none
   */
  @Optional()
  @Text('a user name')
  readonly username?: string;

  /**
   * The password for the Sentinels. For Redis itself, set `accessKey`.
   * @default none
   */
  @Optional()
  @Text('a non-empty string')
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
