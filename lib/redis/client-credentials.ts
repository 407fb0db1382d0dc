import { Socket } from 'node:net';
import type { Cluster, Redis } from 'ioredis';
import type { RedisCredentialsProvider } from '../options/redis-credentials.js';
import { type Credentials, CredentialsSource } from './credentials-source.js';
import { isReply } from './redis-failure.js';
import type { RedisClient } from './session-scripts.js';

/** The parts of an ioredis client, of 5.3 and of 6, that open a connection. */
interface Internals {
  /** What the handshake sends with AUTH or HELLO. Set when `connect()` begins, and read when the socket is open. */
  readonly condition: { auth?: string | [username: string, password: string] | undefined };
  readonly connector: {
    connecting: boolean;
    firstError?: Error;
    connect(...args: unknown[]): Promise<unknown>;
  };
}

/** Gives every connection of a client credentials of its own, and open ones new credentials before they expire. */
export class ClientCredentials {
  readonly #source: CredentialsSource;
  readonly #authenticated: RedisClient[] = [];
  readonly #opening = new WeakSet<Redis>();
  readonly #onRenewal = new Set<() => void>();

  constructor(
    provider: RedisCredentialsProvider,
    timeoutInMilliseconds: number,
    logger: { log(message: string): void; warn(message: string): void },
  ) {
    this.#source = new CredentialsSource(provider, timeoutInMilliseconds, logger, (credentials) =>
      this.#renewed(credentials),
    );
  }

  /** Asks for credentials whenever this client opens a connection. The client must not have begun to connect. */
  attach(client: RedisClient): void {
    if (client.isCluster) this.#attachCluster(client as Cluster);
    else this.#attachConnection(client as Redis);
  }

  /** Sends AUTH on the open connections of this client before their credentials expire. */
  keepAuthenticated(client: RedisClient): void {
    this.#authenticated.push(client);
  }

  /** Calls this when credentials were renewed: connections that cannot send AUTH must be replaced. */
  onRenewal(listener: () => void): void {
    this.#onRenewal.add(listener);
  }

  close(): void {
    this.#source.close();
  }

  // The status of the client is 'connecting' meanwhile, as while a socket is being opened.
  #attachConnection(redis: Redis): void {
    redis.on('error', (error: unknown) => {
      if (isReply(error) && error.message.startsWith('WRONGPASS')) this.#source.refused();
    });
    const { connector } = redis as unknown as Internals;
    const open = connector.connect.bind(connector);
    connector.connect = async (...args) => {
      connector.connecting = true;
      try {
        const credentials = await this.#source.next();
        use(redis, credentials);
        const { username, password } = credentials;
        (redis as unknown as Internals).condition.auth =
          username === undefined ? password : [username, password];
      } catch (error) {
        // A rejection would end the client; a connection that failed is opened again.
        connector.firstError = error as Error;
        return new Socket().destroy();
      }
      if (!connector.connecting) throw new Error('Connection is closed.');
      return open(...args);
    };
  }

  // The client opens connections of its own, for the slots and for messages, with the options of a node.
  #attachCluster(cluster: Cluster): void {
    cluster.on('+node', (node: Redis) => {
      use(node, this.#source.latest);
      this.#attachConnection(node);
    });
    const connect = cluster.connect.bind(cluster);
    cluster.connect = async () => {
      // Without credentials the nodes refuse, and the client tries again.
      await this.#source.next().catch(() => undefined);
      if (!/^(wait|reconnecting)$/.test(cluster.status)) throw new Error('Connection is closed.');
      return connect();
    };
  }

  async #renewed(credentials: Credentials): Promise<void> {
    const connections = this.#authenticated.flatMap((client) =>
      client.isCluster ? (client as Cluster).nodes() : [client as Redis],
    );
    await Promise.all(connections.map((connection) => this.#authenticate(connection, credentials)));
    for (const listener of this.#onRenewal) listener();
  }

  /** @throws the refusal of Redis. A connection that is lost meanwhile gets credentials when it is opened again. */
  async #authenticate(redis: Redis, credentials: Credentials): Promise<void> {
    use(redis, credentials);
    if (redis.status !== 'ready') return this.#authenticateWhenReady(redis);
    const { username = 'default', password } = credentials;
    try {
      await redis.auth(username, password);
    } catch (error) {
      if (isReply(error)) throw error;
    }
  }

  // A connection that is being opened may have got the credentials from before the renewal.
  #authenticateWhenReady(redis: Redis): void {
    if (this.#opening.has(redis)) return;
    this.#opening.add(redis);
    redis.once('ready', () => {
      this.#opening.delete(redis);
      this.#authenticate(redis, this.#source.latest!).catch(() => undefined);
    });
  }
}

function use({ options }: Redis, credentials: Credentials | undefined): void {
  if (credentials === undefined) return;
  options.username = credentials.username;
  options.password = credentials.password;
}
