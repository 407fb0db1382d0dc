import { Redis } from 'ioredis';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { RedisProcess } from './redis-process.js';

export interface SentinelWatch {
  name: string;
  masterPort: number;
  quorum: number;
  downAfterMilliseconds: number;
  password?: string;
}

/** A sentinel with its configuration file, in which it keeps its state. */
export class SentinelProcess {
  readonly host = '127.0.0.1';
  readonly #process: RedisProcess;
  readonly #client: Redis;

  private constructor(process: RedisProcess) {
    this.#process = process;
    const { port } = process;
    this.#client = new Redis({
      port,
      host: this.host,
      lazyConnect: true,
      enableReadyCheck: false,
      disconnectTimeout: 100,
    });
    this.#client.on('error', () => undefined);
  }

  static async start(watch: SentinelWatch): Promise<SentinelProcess> {
    const sentinel = new SentinelProcess(new RedisProcess(await freePort()));
    try {
      await sentinel.#run(watch);
      return sentinel;
    } catch (error) {
      await sentinel.stop();
      throw error;
    }
  }

  get port(): number {
    return this.#process.port;
  }

  get running(): boolean {
    return this.#process.running;
  }

  async masterPort(name: string): Promise<number> {
    const address = await this.#client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
    return Array.isArray(address) ? Number(address[1]) : Number.NaN;
  }

  /** How many replicas and other sentinels this one has found. */
  async counts(name: string): Promise<{ replicas: number; others: number }> {
    const reply = await this.#client.call('SENTINEL', 'MASTER', name);
    const fields = Array.isArray(reply) ? reply.map(String) : [];
    const number = (field: string) => Number(fields[fields.indexOf(field) + 1]);
    return { replicas: number('num-slaves'), others: number('num-other-sentinels') };
  }

  /** Promotes a replica without asking the other sentinels, whether or not the master is down. */
  async promote(name: string): Promise<void> {
    await this.#client.call('SENTINEL', 'FAILOVER', name);
  }

  freeze(): void {
    this.#process.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process.signal('SIGCONT');
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  async stop(): Promise<void> {
    this.#client.disconnect();
    await this.#process.kill();
    this.#process.remove();
  }

  async #run({ name, masterPort, quorum, downAfterMilliseconds, password }: SentinelWatch): Promise<void> {
    const settings = [
      `port ${this.port}`,
      'bind 127.0.0.1',
      `dir ${this.#process.directory}`,
      `sentinel monitor ${name} 127.0.0.1 ${masterPort} ${quorum}`,
      `sentinel down-after-milliseconds ${name} ${downAfterMilliseconds}`,
      `sentinel failover-timeout ${name} 4000`,
      ...(password ? [`sentinel auth-pass ${name} ${password}`] : []),
    ];
    const file = join(this.#process.directory, 'sentinel.conf');
    writeFileSync(file, settings.join('\n'));
    await this.#process.start([file, '--sentinel']);
    // A sentinel looks once a second. With a shorter down-after it takes each new master for dead before its first look,
    // and promotes one replica after the other. (Five ping periods is how old its knowledge of a replica may be, and
    // that it renews once a second: a shorter period leaves it none to promote.)
    const periods = { 'ping-period': 400, 'info-period': 500, 'ask-period': 200, 'publish-period': 300 };
    await this.#client.call('SENTINEL', 'DEBUG', ...Object.entries(periods).flat());
  }
}
