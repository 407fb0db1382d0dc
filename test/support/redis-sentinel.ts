import { Redis, type RedisOptions } from 'ioredis';
import { eventually } from './eventually.js';
import { RedisServer } from './redis-server.js';
import { SentinelProcess } from './sentinel-process.js';

export interface RedisSentinelOptions {
  /** @default 'mymaster' */
  name?: string;
  /** @default 2 */
  replicas?: number;
  /** @default 3 */
  sentinels?: number;
  /** A master that is silent for this long is considered failed. At least 1000. @default 1200 */
  downAfterMilliseconds?: number;
  /** Password of the Redis servers; the sentinels have none. */
  password?: string;
}

/** A master, its replicas and the sentinels that monitor them. */
export class RedisSentinel {
  readonly servers: RedisServer[] = [];
  readonly sentinels: SentinelProcess[] = [];
  #clients = new Set<Redis>();

  private constructor(
    readonly name: string,
    private readonly password?: string,
  ) {}

  static async start(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
    const { name = 'mymaster', password } = options;
    const group = new RedisSentinel(name, password);
    try {
      await group.#start(options);
      return group;
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  /** The sentinels for the options of a client. */
  get addresses(): { host: string; port: number }[] {
    return this.sentinels.map(({ host, port }) => ({ host, port }));
  }

  /** A client that finds the master through the sentinels, and that `stop()` closes. */
  client(options: RedisOptions = {}): Redis {
    const { name, password, addresses: sentinels } = this;
    const client = new Redis({ sentinels, name, password, disconnectTimeout: 100, ...options });
    client.on('error', () => undefined);
    this.#clients.add(client);
    return client;
  }

  /** The server that the sentinels name as master now. */
  async master(): Promise<RedisServer> {
    const port = await this.sentinels.find(({ running }) => running)?.masterPort(this.name);
    const master = this.servers.find((server) => server.port === port);
    if (!master) throw new Error(`The sentinels name no master called "${this.name}".`);
    return master;
  }

  /** Kills the master. Returns the replica that took over, once all sentinels know it. */
  async failover(): Promise<RedisServer> {
    const old = await this.master();
    await old.kill();
    return this.newMaster(old);
  }

  /** Tells a sentinel to promote a replica. Returns it, once all sentinels know it. */
  async promote(within = 20_000): Promise<RedisServer> {
    const old = await this.master();
    await eventually(() => this.sentinels.find(({ running }) => running)!.promote(this.name), { within });
    return this.newMaster(old, within);
  }

  /** Resolves when all sentinels name a master other than this one, and it accepts writes. */
  async newMaster(than: RedisServer, within = 20_000): Promise<RedisServer> {
    const look = async () => {
      const named = await Promise.all(
        this.sentinels.filter((one) => one.running).map((one) => one.masterPort(this.name)),
      );
      const ports = new Set(named);
      if (ports.size !== 1 || ports.has(than.port)) return false;
      const master = await this.master();
      return (await replicationOf(master)).includes('role:master') && master;
    };
    const master = await eventually(look, { within, every: 25 });
    if (!master) throw new Error('No new master.');
    return master;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await Promise.all([...this.sentinels, ...this.servers].map((process) => process.stop()));
  }

  async #start({
    replicas = 2,
    sentinels = 3,
    downAfterMilliseconds = 1_200,
  }: RedisSentinelOptions): Promise<void> {
    const { name, password } = this;
    const args = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
    if (password) args.push('--masterauth', password);
    const master = await RedisServer.start({ password, args });
    this.servers.push(master);
    const replicaArgs = [...args, '--replicaof', `${master.host} ${master.port}`];
    await startAll(replicas, () => RedisServer.start({ password, args: replicaArgs }), this.servers);
    // A sentinel asks its master for replicas when it meets it, and then only every ten seconds.
    await eventually(async () => (await replicationOf(master)).match(/state=online/g)?.length === replicas);
    const watch = { name, password, masterPort: master.port, downAfterMilliseconds };
    const quorum = Math.floor(sentinels / 2) + 1;
    await startAll(sentinels, () => SentinelProcess.start({ ...watch, quorum }), this.sentinels);
    await eventually(
      async () => {
        const views = await Promise.all(this.sentinels.map((sentinel) => sentinel.counts(name)));
        return views.every((view) => view.replicas === replicas && view.others === sentinels - 1);
      },
      { within: 15_000, every: 25 },
    );
  }
}

async function startAll<T>(count: number, start: () => Promise<T>, into: T[]): Promise<void> {
  const starts = Array.from({ length: count }, start);
  for (const result of await Promise.allSettled(starts))
    if (result.status === 'fulfilled') into.push(result.value);
  await Promise.all(starts);
}

function replicationOf(server: RedisServer): Promise<string> {
  return server.admin.info('replication');
}
