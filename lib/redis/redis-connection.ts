import type { Cluster } from 'ioredis';
import type { RedisSessionOptions } from '../options/redis-session.options.js';
import type { StoreConnection } from '../session/session-store.js';
import { SessionStartError } from '../session/session.errors.js';
import { ClientCredentials } from './client-credentials.js';
import { connectionHint, firstServer } from './connection-hint.js';
import { Deadline } from './deadline.js';
import { OutageLog } from './outage-log.js';
import { warningOfResending, whenReady } from './own-client.js';
import { nameOldServer } from './old-server.js';
import { refusePlainText } from './plain-text.js';
import { createClient } from './redis-client.js';
import type { ConnectionWatch } from './redis-commands.js';
import { isReply, withoutArguments } from './redis-failure.js';
import type { RedisClient } from './session-scripts.js';
import { SilentConnections } from './silent-connections.js';

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
  readonly credentials: ClientCredentials | undefined;
  readonly #ownsClient: boolean;
  readonly #silent: SilentConnections;
  readonly #outage: OutageLog;
  #reachable = true;
  #mayNotSubscribe = false;
  // Why the client is not connected; undefined while it is.
  #failure: unknown;
  #lastError: Pick<StoreConnection, 'lastError' | 'lastErrorAt'> | undefined;
  #version: Promise<void> | undefined;

  constructor(
    private readonly options: RedisSessionOptions,
    private readonly logger: ConnectionLog,
  ) {
    this.#ownsClient = options.client === undefined;
    this.#outage = new OutageLog(logger);
    this.client = options.client ?? createClient(options);
    this.credentials = credentialsOf(options, logger);
    this.credentials?.attach(this.client);
    this.credentials?.keepAuthenticated(this.client);
    this.#silent = new SilentConnections(this.client, options.operationTimeoutInMilliseconds);
    if (this.#ownsClient) this.#report(this.client);
  }

  /**
   * Waits until Redis answers, for at most `connectionTimeoutInMilliseconds`. If it does not, the application starts
   * without it, and sessions work as soon as Redis is available.
   * @throws SessionStartError if `failFast` is true and Redis does not answer
   */
  async open(): Promise<void> {
    if (this.#ownsClient) await this.#connect();
    else await this.#expectClient();
    if (this.client.status === 'ready') return this.#checkVersion();
    if (!this.options.failFast) return;
    await this.close();
    throw new SessionStartError(
      `${this.#reason}${connectionHint(this.#reason, this.options)}`,
      this.#failure,
    );
  }

  async #connect(): Promise<void> {
    const { options, client } = this;
    const connecting = new Deadline(options.connectionTimeoutInMilliseconds).limit(this.#opened());
    try {
      await (options.ssl ? refusePlainText(firstServer(options), connecting) : connecting);
      if (client.isCluster) await this.#connectNodes(client as Cluster);
    } catch (error) {
      // An error event usually has the more precise reason.
      this.#lost(this.#failure ?? error);
    }
  }

  // If the client asks a node that is away whether the cluster is well, it connects again, and `connect()` never resolves.
  #opened(): Promise<void> {
    const { client } = this;
    const ready = new Promise<void>((resolve) => client.once('ready', resolve));
    return Promise.race([client.connect(), ready]);
  }

  // The client connects to a node when it first sends a command there, and refuses further ones until it is connected.
  async #connectNodes(client: Cluster): Promise<void> {
    const waiting = client.nodes('master').filter(({ status }) => status === 'wait');
    const connecting = Promise.allSettled(waiting.map((node) => node.connect()));
    await new Deadline(this.options.connectionTimeoutInMilliseconds).limit(connecting).catch(() => undefined);
  }

  async #expectClient(): Promise<void> {
    const { client } = this;
    const warning = warningOfResending(client);
    if (warning !== undefined) this.logger.warn(warning);
    const timeout = this.options.connectionTimeoutInMilliseconds;
    await whenReady(client, timeout, this.options.failFast);
    if (client.status !== 'ready')
      this.#failure = new Error(`the client of the option "client" is not connected after ${timeout} ms`);
  }

  /** Closes the client, unless it is the application's own. */
  async close(): Promise<void> {
    if (!this.#ownsClient) return;
    this.credentials?.close();
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

  get current(): StoreConnection {
    const { status } = this.client;
    const state = status === 'ready' ? 'connected' : status === 'end' ? 'closed' : 'connecting';
    return { state, lastError: undefined, lastErrorAt: undefined, ...this.#lastError };
  }

  /** Logs that operations fail. Of a client that the module makes, the connection itself logs what is no refusal. */
  failed(operation: string, cause: unknown): void {
    if (!this.#ownsClient || (this.#reachable && isReply(cause)))
      this.#outage.failed(operation, messageOf(cause));
  }

  works(operation: string): void {
    this.#outage.works(operation);
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

  #checkVersion(): Promise<void> {
    const deadline = new Deadline(this.options.operationTimeoutInMilliseconds);
    return (this.#version ??= deadline.limit(nameOldServer(this.client, this.logger)).catch(() => {
      // INFO is not allowed, or the connection was lost.
    }));
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
      void this.#checkVersion();
    });
  }

  #lost(error: unknown): void {
    this.#failure = withoutArguments(ofNode(error));
    this.#lastError = { lastError: this.#reason, lastErrorAt: new Date() };
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

function credentialsOf(
  { credentials, connectionTimeoutInMilliseconds }: RedisSessionOptions,
  logger: ConnectionLog,
): ClientCredentials | undefined {
  return credentials && new ClientCredentials(credentials, connectionTimeoutInMilliseconds, logger);
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
