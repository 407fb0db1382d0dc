import { Cluster, type ClusterOptions, type Redis, type RedisOptions } from 'ioredis';
import type { RedisSessionOptions } from '../options/redis-session.options.js';
import { BatchingRedis } from './batching-redis.js';
import type { RedisClient } from './session-scripts.js';

const FIRST_RECONNECT_AFTER_MS = 50;
// Less than the second between two retries of an operation, so that the next retry finds a recovered Redis.
const LATEST_RECONNECT_AFTER_MS = 250;
const ASK_LOADING_SERVER_AFTER_MS = 1000;

/** Creates the client that the options describe. It is not connected yet. */
export function createClient(options: RedisSessionOptions): RedisClient {
  const { cluster, sentinel } = options;
  if (cluster !== undefined) {
    const client = new Cluster(copies(cluster.nodes), {
      ...cluster.options,
      ...clusterBehaviour(),
      redisOptions: { ...cluster.options?.redisOptions, ...nodeOptions(options) },
    });
    return client.on('+node', handleAsking);
  }
  if (sentinel !== undefined) {
    const tls = options.ssl ? { enableTLSForSentinelMode: true, sentinelTLS: options.tls ?? {} } : {};
    return new BatchingRedis({
      ...serverOptions(options),
      ...tls,
      name: sentinel.name,
      sentinels: copies(sentinel.sentinels),
      sentinelUsername: sentinel.username,
      sentinelPassword: sentinel.password,
      // Skips a Sentinel that does not answer.
      sentinelCommandTimeout: options.connectionTimeoutInMilliseconds,
      sentinelRetryStrategy: reconnectAfter,
    });
  }
  return new BatchingRedis({ ...serverOptions(options), host: options.host, port: options.port });
}

// While a slot moves, the cluster client sends ASKING and does not handle its rejection: a connection that closes then would
// end the process.
function handleAsking(node: Redis): void {
  const asking = node.asking.bind(node);
  node.asking = () => {
    const sent = asking();
    sent.catch(() => undefined);
    return sent;
  };
}

function serverOptions(options: RedisSessionOptions): RedisOptions {
  return {
    ...nodeOptions(options),
    db: options.databaseId,
    lazyConnect: true,
    retryStrategy: reconnectAfter,
  };
}

// Only the store retries: ioredis must fail a command that it cannot send, and must not send any command twice.
function nodeOptions(options: RedisSessionOptions): RedisOptions {
  return {
    username: options.username,
    password: options.accessKey,
    tls: options.ssl ? (options.tls ?? {}) : undefined,
    connectTimeout: options.connectionTimeoutInMilliseconds,
    // For a connection that gets no answer while it is opened; SilentConnections watches open ones.
    socketTimeout: Math.max(options.connectionTimeoutInMilliseconds, options.operationTimeoutInMilliseconds),
    disconnectTimeout: 500,
    // Checks a loading server often, and ignores its own estimate.
    maxLoadingRetryTime: ASK_LOADING_SERVER_AFTER_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
  };
}

function clusterBehaviour(): ClusterOptions {
  return {
    // Replicas lag behind: a read there could return a session that was destroyed.
    scaleReads: 'master',
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectAfter,
    retryDelayOnClusterDown: 0,
    retryDelayOnFailover: 0,
  };
}

// ioredis changes the array, and the resolved options must stay as they are.
function copies<T extends object>(nodes: readonly T[]): T[] {
  return nodes.map((node) => ({ ...node }));
}

function reconnectAfter(times: number): number {
  return Math.min(FIRST_RECONNECT_AFTER_MS * 2 ** Math.min(times - 1, 10), LATEST_RECONNECT_AFTER_MS);
}
