import { Redis, type RedisOptions } from 'ioredis';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { RedisProcess } from './redis-process.js';
import { createTestCertificate, type TestCertificate } from './test-certificate.js';

export interface RedisServerOptions {
  /** More arguments of redis-server, each an element: `['--maxmemory', '4mb']`. The last of a name wins. */
  args?: string[];
  /** TLS instead of plain TCP. Clients need `tls: { ca: server.ca }`. */
  tls?: boolean;
  /** Users, as in ACL SETUSER: `['shop on >secret ~* &* +@all', 'default off']`. */
  acl?: string[];
  /** Password of the default user. */
  password?: string;
  /** @default a free one */
  port?: number;
}

// The harness's own user, which works whatever a test does to the other users.
const ADMIN = { username: 'test-harness', password: 'test-harness' };

let certificate: TestCertificate | undefined;

/** A redis-server for one test, on a loopback port. It always ends with the test process. */
export class RedisServer {
  readonly host = '127.0.0.1';
  #process: RedisProcess;
  #options: RedisServerOptions;
  #clients = new Set<Redis>();
  #admin?: Redis;
  #ownInfos = 0;

  private constructor(process: RedisProcess, options: RedisServerOptions) {
    this.#process = process;
    this.#options = options;
  }

  /** Resolves when the server has replied to PING. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    if (options.tls) certificate ??= createTestCertificate();
    const tls = options.tls ? { ca: certificate!.cert } : undefined;
    const server = new RedisServer(new RedisProcess(options.port ?? (await freePort()), tls), options);
    try {
      await server.#run();
      return server;
    } catch (error) {
      await server.stop();
      // Another process may have taken the port between the check and the start.
      if (options.port === undefined && /Address already in use/i.test(String(error)))
        return RedisServer.start(options);
      throw error;
    }
  }

  get port(): number {
    return this.#process.port;
  }

  /** `redis://…` or `rediss://…`, with the default user's password. */
  get url(): string {
    const { tls, password } = this.#options;
    const credentials = password ? `:${encodeURIComponent(password)}@` : '';
    return `${tls ? 'rediss' : 'redis'}://${credentials}${this.host}:${this.port}`;
  }

  /** The CA that clients of a TLS server must trust, in PEM. */
  get ca(): string | undefined {
    return this.#process.tls?.ca;
  }

  get running(): boolean {
    return this.#process.running;
  }

  /** A client that `stop()` closes. */
  client(options: RedisOptions = {}): Redis {
    const client = new Redis({
      port: this.port,
      host: this.host,
      password: this.#options.password,
      tls: this.#process.tls,
      // A client that is disconnected while offline keeps a timer of this length, which keeps Jest alive.
      disconnectTimeout: 100,
      ...options,
    });
    // Tests kill servers on purpose and look at the commands that fail.
    client.on('error', () => undefined);
    this.#clients.add(client);
    return client;
  }

  /** The harness's own client, with all permissions: CLIENT PAUSE, SCRIPT FLUSH, ACL SETUSER, CONFIG SET. */
  get admin(): Redis {
    this.#admin ??= this.client({ ...ADMIN, enableReadyCheck: false, disableClientInfo: true });
    return this.#admin;
  }

  /** Stops the server without closing its sockets. */
  freeze(): void {
    this.#process.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process.signal('SIGCONT');
  }

  /** Kills the server, whose port then refuses connections. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  /** Restarts the server with the same port, arguments and folder. More arguments apply only to this run. */
  async restart({
    args = [],
    until = 'ready',
  }: { args?: string[]; until?: 'ready' | 'listening' } = {}): Promise<void> {
    await this.kill();
    await this.#run(args, until);
  }

  /** Stops the server and every client of it. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.#clients.clear();
    this.#admin = undefined;
    await this.#process.kill();
    this.#process.remove();
  }

  /** Calls of each command since the start or `resetStats()`, without the harness's own: `{ hgetall: 1, pexpire: 1 }`. */
  async commandStats(): Promise<Record<string, number>> {
    const info = await this.#info('commandstats');
    const stats: Record<string, number> = {};
    for (const [, name, calls] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
      stats[name!] = Number(calls);
    delete stats['config|resetstat'];
    if (stats.info !== undefined) stats.info -= this.#ownInfos - 1;
    if (stats.info === 0) delete stats.info;
    return stats;
  }

  async resetStats(): Promise<void> {
    await this.admin.config('RESETSTAT');
    this.#ownInfos = 0;
  }

  /** Bytes that clients have sent, including the harness's own commands (about 40 bytes each). */
  async netInputBytes(): Promise<number> {
    return Number(/^total_net_input_bytes:(\d+)/m.exec(await this.#info('stats'))?.[1]);
  }

  async #info(section: string): Promise<string> {
    this.#ownInfos += 1;
    return this.admin.info(section);
  }

  async #run(args: string[] = [], until: 'ready' | 'listening' = 'ready'): Promise<void> {
    await this.#process.start([...this.#arguments(), ...args], until);
    if (until === 'ready') await this.resetStats();
  }

  #arguments(): string[] {
    const { args = [], acl = [], password } = this.#options;
    const plain = { port: this.#process.tls ? 0 : this.port, bind: '127.0.0.1' };
    const storage = { dir: this.#process.directory, save: '', appendonly: 'no' };
    const settings = {
      ...plain,
      ...storage,
      ...(password && { requirepass: password }),
      ...this.#tlsSettings(),
    };
    const users = [...acl, `${ADMIN.username} on >${ADMIN.password} ~* &* +@all`];
    return [
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
      // Redis wants every rule of a user as an argument of its own.
      ...users.flatMap((user) => ['--user', ...user.split(' ')]),
      ...args,
    ];
  }

  #tlsSettings(): Record<string, string | number> {
    if (!this.#process.tls) return {};
    const certFile = join(this.#process.directory, 'cert.pem');
    const keyFile = join(this.#process.directory, 'key.pem');
    writeFileSync(certFile, certificate!.cert);
    writeFileSync(keyFile, certificate!.key, { mode: 0o600 });
    return {
      'tls-port': this.port,
      'tls-cert-file': certFile,
      'tls-key-file': keyFile,
      'tls-ca-cert-file': certFile,
      'tls-auth-clients': 'no',
    };
  }
}
