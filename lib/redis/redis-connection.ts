import { Cluster, type ClusterOptions, type RedisOptions } from 'ioredis';
import type { RedisSessionOptions } from '../options/redis-session.options.js';
import { BatchingRedis } from './batching-redis.js';
import { Deadline } from './deadline.js';
import { warningOfResending, whenReady } from './own-client.js';
import type { ConnectionWatch } from './redis-commands.js';
import { isReply, withoutArguments } from './redis-failure.js';
import type { RedisClient } from './session-scripts.js';
import { SilentConnections } from './silent-connections.js';

const FIRST_RECONNECT_AFTER_MS = 50;
// Shorter than the second between two attempts of an operation: Redis that is back is there for the next one.
const LATEST_RECONNECT_AFTER_MS = 250;
const ASK_LOADING_SERVER_AFTER_MS = 1000;

/** What a connection reports of itself; the texts hold no secret. */
export interface ConnectionLog {
  log(message: string): void;
  warn(message: string): void;
}

/**
 * The client that sessions are stored through: the application's own, or one that is made from the options, connected
 * at start and closed at the end.
 */
export class RedisConnection implements ConnectionWatch {
  readonly client: RedisClient;
  readonly #made: boolean;
  readonly #silent: SilentConnections;
  #reachable = true;
  // Why there is no connection now; undefined while there is one.
  #failure: unknown;

  constructor(
    private readonly options: RedisSessionOptions,
    private readonly logger: ConnectionLog,
  ) {
    this.#made = options.client === undefined;
    this.client = options.client ?? makeClient(options);
    this.#silent = new SilentConnections(this.client, options.operationTimeoutInMilliseconds);
    if (this.#made) this.#report(this.client);
  }

  /**
   * Waits until Redis answers, for at most `connectionTimeoutInMilliseconds`. Where it does not, the application starts
   * all the same and has its sessions as soon as Redis is there.
   */
  async open(): Promise<void> {
    const { connectionTimeoutInMilliseconds: timeout } = this.options;
    if (!this.#made) {
      const warning = warningOfResending(this.client);
      if (warning !== undefined) this.logger.warn(warning);
      return whenReady(this.client, timeout);
    }
    try {
      await new Deadline(timeout).limit(this.client.connect());
    } catch (error) {
      // The events have told the reason already; this says that it did not work.
      this.#lost(this.#failure ?? error);
    }
  }

  /** Closes a client that was made here; the application's own is left alone. */
  async close(): Promise<void> {
    if (!this.#made) return;
    try {
      if (this.client.status === 'ready') {
        await new Deadline(this.options.operationTimeoutInMilliseconds).limit(this.client.quit());
      }
    } catch {
      // Redis is away: there is nobody to say goodbye to.
    } finally {
      this.client.disconnect();
    }
  }

  /**
   * What is behind the failure of a command. A client that has no connection says that it cannot write; why it has none
   * is what helps, and what tells whether it can heal.
   */
  explain(failure: unknown): unknown {
    return isReply(failure) ? failure : (this.#failure ?? failure);
  }

  /** Replaces the connection if nothing is answered on it. The application's own client is left alone. */
  unanswered(): void {
    if (this.#made) void this.#silent.replace();
  }

  // One line when Redis goes and one when it is back, however often the client tries in between.
  #report(client: RedisClient): void {
    let refused = false;
    client.on('error', (error: unknown) => {
      // What follows is that the connection is being closed.
      if (refused) return;
      this.#lost(error);
      // ioredis goes on with database 0, where the sessions of somebody else may be.
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
    this.logger.warn(`Redis cannot be reached, sessions are not available until it can: ${this.#reason}`);
  }

  get #reason(): string {
    const reason = (this.#failure as { message?: unknown } | null | undefined)?.message;
    return String(reason || this.#failure);
  }
}

// A cluster says no more than that all its nodes have failed; how the last one did is the reason.
function ofNode(error: unknown): unknown {
  const { lastNodeError } = (error ?? {}) as { lastNodeError?: unknown };
  if (lastNodeError === undefined || isReply(lastNodeError)) return lastNodeError ?? error;
  return new Error('no node of the cluster answers', { cause: lastNodeError });
}

function makeClient(options: RedisSessionOptions): RedisClient {
  const { cluster, sentinel } = options;
  if (cluster !== undefined) {
    return new Cluster(copies(cluster.nodes), {
      ...cluster.options,
      ...clusterBehaviour(),
      redisOptions: { ...cluster.options?.redisOptions, ...nodeOptions(options) },
    });
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
      // A Sentinel that stands still is passed over.
      sentinelCommandTimeout: options.connectionTimeoutInMilliseconds,
      sentinelRetryStrategy: reconnectAfter,
    });
  }
  return new BatchingRedis({ ...serverOptions(options), host: options.host, port: options.port });
}

function serverOptions(options: RedisSessionOptions): RedisOptions {
  return {
    ...nodeOptions(options),
    db: options.databaseId,
    lazyConnect: true,
    retryStrategy: reconnectAfter,
  };
}

// The retry schedule of the store is the only one: a command that cannot be sent fails at once, and is never sent a
// second time behind the schedule's back.
function nodeOptions(options: RedisSessionOptions): RedisOptions {
  return {
    username: options.username,
    password: options.accessKey,
    tls: options.ssl ? (options.tls ?? {}) : undefined,
    connectTimeout: options.connectionTimeoutInMilliseconds,
    // For a connection that is answered by nobody while it is opened; see SilentConnections for those that are open.
    socketTimeout: Math.max(options.connectionTimeoutInMilliseconds, options.operationTimeoutInMilliseconds),
    disconnectTimeout: 500,
    // A server that loads its data is asked again soon, not when it thinks that it will be ready.
    maxLoadingRetryTime: ASK_LOADING_SERVER_AFTER_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
  };
}

function clusterBehaviour(): ClusterOptions {
  return {
    // A replica lags behind its master: a read there could bring a session back that was destroyed.
    scaleReads: 'master',
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectAfter,
    retryDelayOnClusterDown: 0,
    retryDelayOnFailover: 0,
  };
}

// ioredis keeps the list and changes it; the options stay as they were resolved.
function copies<T extends object>(nodes: readonly T[]): T[] {
  return nodes.map((node) => ({ ...node }));
}

function reconnectAfter(times: number): number {
  return Math.min(FIRST_RECONNECT_AFTER_MS * 2 ** Math.min(times - 1, 10), LATEST_RECONNECT_AFTER_MS);
}
