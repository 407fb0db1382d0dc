import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { end, start } from './child.mjs';

/** A redis-server on a free loopback port, and a connection that reads its statistics. */
export class RedisProcess {
  static async start(settings = []) {
    const redis = new RedisProcess();
    redis.settings = settings;
    redis.port = await freePort();
    await redis.run();
    return redis;
  }

  async run() {
    const args = ['--port', this.port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()]; // prettier-ignore
    this.process = start('load', process.env.REDIS_SERVER ?? 'redis-server', [...args, ...this.settings].map(String), { stdio: 'ignore' }); // prettier-ignore
    this.watcher = await connected(this.port);
  }

  /** What Redis has used so far: CPU in microseconds, commands, bytes from and to clients. */
  async spent() {
    const info = fields(await this.watcher.info());
    return {
      cpu: (Number(info.used_cpu_user) + Number(info.used_cpu_sys)) * 1e6,
      commands: Number(info.total_commands_processed),
      bytesIn: Number(info.total_net_input_bytes),
      bytesOut: Number(info.total_net_output_bytes),
    };
  }

  /** Runs something, and counts the commands of all clients. */
  async commandsOf(action) {
    await this.watcher.configResetStat();
    await action();
    // Some commands follow the answers.
    await sleep(500);
    const info = fields(await this.watcher.info('commandstats'));
    const counts = Object.entries(info).map(([name, text]) => [name.slice('cmdstat_'.length), Number(/calls=(\d+)/.exec(text)[1])]); // prettier-ignore
    return Object.fromEntries(counts.filter(([name]) => !/info|config/.test(name)));
  }

  /** The memory that Redis uses, in bytes. */
  async memory() {
    return Number(fields(await this.watcher.info('memory')).used_memory);
  }

  /** Adds hashes of about 200 bytes until Redis has this many keys. */
  async fill(count) {
    const script = `for i = tonumber(ARGV[1]), ARGV[2] do redis.call('HSET', 'filler:' .. i, 'user', ARGV[3], 'visits', 1) end`; // prettier-ignore
    for (let from = await this.watcher.dbSize(); from < count; from += 10_000) {
      const to = Math.min(from + 9999, count - 1);
      await this.watcher.eval(script, { arguments: [String(from), String(to), 'x'.repeat(200)] });
    }
  }

  /** SIGTERM shuts Redis down, SIGKILL kills it, SIGSTOP freezes it until SIGCONT. */
  signal(name) {
    this.process.kill(name);
  }

  async stop() {
    this.watcher.destroy();
    await end(this.process, (child) => child.kill('SIGKILL'));
  }
}

async function connected(port) {
  for (let attempt = 1; ; attempt++) {
    const client = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: false } });
    client.on('error', () => undefined);
    try {
      return await client.connect();
    } catch (error) {
      if (attempt === 200) throw error;
      await sleep(20);
    }
  }
}

function fields(info) {
  return Object.fromEntries(info.split('\r\n').filter((line) => line.includes(':')).map((line) => line.split(':'))); // prettier-ignore
}

/** A free port on loopback. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
