import { Cluster, type ClusterOptions, type Redis, type RedisOptions } from 'ioredis';
import type { RedisSessionOptions } from '../options/redis-session.options.js';
import { BatchingRedis } from './batching-redis.js';
import { connectionHint } from './connection-hint.js';
import { Deadline } from './deadline.js';
import { warningOfResending, whenReady } from './own-client.js';
import type { ConnectionWatch } from './redis-commands.js';
import { isReply, withoutArguments } from './redis-failure.js';
import type { RedisClient } from './session-scripts.js';
import { SilentConnections } from './silent-connections.js';

const FIRST_RECONNECT_AFTER_MS = 50;
// Less than the second between two retries of an operation, so that the next retry finds a recovered Redis.
const LATEST_RECONNECT_AFTER_MS = 250;
const ASK_LOADING_SERVER_AFTER_MS = 1000;

/** Receives the messages of a connection. They contain no secret. */
export interface ConnectionLog {
  log(message: string): void;
  warn(message: string): void;
}

/**
 * The Redis client for sessions: the application's own, or one that is created from the options, connected at start and
 * closed at shutdown.
 */
export class RedisConnection implements ConnectionWatch {
  readonly client: RedisClient;
  readonly #ownsClient: boolean;
  readonly #silent: SilentConnections;
  #reachable = true;
  #mayNotSubscribe = false;
  // Why the client is not connected; undefined while it is.
  #failure: unknown;

  constructor(
    private readonly options: RedisSessionOptions,
    private readonly logger: ConnectionLog,
  ) {
    this.#ownsClient = options.client === undefined;
    this.client = options.client ?? createClient(options);
    this.#silent = new SilentConnections(this.client, options.operationTimeoutInMilliseconds);
    if (this.#ownsClient) this.#report(this.client);
  }

  /**
   * Waits until Redis answers, for at most `connectionTimeoutInMilliseconds`. If it does not, the application starts
   * without it, and sessions work as soon as Redis is available.
   */
  async open(): Promise<void> {
    const { connectionTimeoutInMilliseconds: timeout } = this.options;
    if (!this.#ownsClient) {
      const warning = warningOfResending(this.client);
      if (warning !== undefined) this.logger.warn(warning);
      return whenReady(this.client, timeout);
    }
    try {
      await new Deadline(timeout).limit(this.client.connect());
    } catch (error) {
      // An error event usually has the more precise reason.
      this.#lost(this.#failure ?? error);
    }
  }

  /** Closes the client, unless it is the application's own. */
  async close(): Promise<void> {
    if (!this.#ownsClient) return;
    try {
      if (this.client.status === 'ready') {
        await new Deadline(this.options.operationTimeoutInMilliseconds).limit(this.client.quit());
      }
    } catch {
      // Redis is not available, so QUIT is not needed.
    } finally {
      this.client.disconnect();
    }
  }

  /**
   * Returns the cause of a failed command. A client without a connection only says that it cannot write; the reason for
   * the missing connection helps the reader and decides about retries.
   */
  explain(failure: unknown): unknown {
    return isReply(failure) ? failure : (this.#failure ?? failure);
  }

  /** Replaces connections that do not answer, unless the client is the application's own. */
  unanswered(): void {
    if (this.#ownsClient) void this.#silent.replace();
  }

  /** Says once that waiting for a lock takes longer. */
  subscriptionRefused(refusal: unknown): void {
    if (this.#mayNotSubscribe) return;
    this.#mayNotSubscribe = true;
    this.logger.warn(
      `Redis refuses SUBSCRIBE: ${messageOf(withoutArguments(refusal))}. Requests that wait for a session of an exclusive route look for their turn every half second instead of being notified.`,
    );
  }

  // Logs once when Redis goes away and once when it is back, not for every attempt to connect.
  #report(client: RedisClient): void {
    let refused = false;
    client.on('error', (error: unknown) => {
      // Later errors only come from closing the connection.
      if (refused) return;
      this.#lost(error);
      // If SELECT fails, ioredis continues with database 0, which may hold the sessions of another application.
      refused = this.#reason.startsWith('ERR DB index');
      if (refused) client.disconnect(true);
    });
    client.on('close', () => {
      refused = false;
      this.#failure ??= new Error('the connection to Redis was closed');
    });
    client.on('ready', () => {
      this.#failure = undefined;
      if (!this.#reachable) this.logger.log('Redis is reachable; sessions are available.');
      this.#reachable = true;
    });
  }

  #lost(error: unknown): void {
    this.#failure = withoutArguments(ofNode(error));
    if (!this.#reachable) return;
    this.#reachable = false;
    this.logger.warn(
      `Redis is not reachable; sessions are not available: ${this.#reason}${connectionHint(this.#reason, this.options)}`,
    );
  }

  get #reason(): string {
    return messageOf(this.#failure);
  }
}

function messageOf(error: unknown): string {
  return String((error as { message?: unknown } | null | undefined)?.message || error);
}

// A cluster only reports that all nodes have failed; the error of the last node is the reason.
function ofNode(error: unknown): unknown {
  const { lastNodeError } = (error ?? {}) as { lastNodeError?: unknown };
  if (lastNodeError === undefined || isReply(lastNodeError)) return lastNodeError ?? error;
  return new Error('no node of the cluster answers', { cause: lastNodeError });
}

function createClient(options: RedisSessionOptions): RedisClient {
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
