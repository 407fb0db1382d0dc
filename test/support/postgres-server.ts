import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';

/** A PostgreSQL server for one test, on a loopback port. */
export class PostgresServer {
  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<PostgresServer> {
    const bin = process.env.POSTGRES_BIN;
    if (bin === undefined) throw new Error(process.env.POSTGRES_MISSING);
    const directory = mkdtempSync(join(tmpdir(), 'postgres-test-'));
    const as = owner();
    if (as !== undefined) chownSync(directory, as.uid, as.gid);
    const data = join(directory, 'data');
    const run = { ...as, cwd: directory, stdio: 'ignore' as const };
    const fast = ['--no-sync', '--auth=trust', '--username=test', '--encoding=UTF8'];
    execFileSync(join(bin, 'initdb'), ['-D', data, ...fast], run);
    const port = await freePort();
    const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${directory}`, 'fsync=off'];
    const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
    const child = spawn(join(bin, 'postgres'), args, run);
    await once(child, 'spawn');
    const server = new PostgresServer(port, directory, child);
    try {
      await eventually(() => server.#answers(), { within: 15_000, every: 50 });
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get connectionString(): string {
    return `postgres://test@127.0.0.1:${this.port}/postgres`;
  }

  async #answers(): Promise<void> {
    const client = new Client({ connectionString: this.connectionString });
    client.on('error', () => undefined);
    await client.connect();
    await client.end();
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      // SIGINT: fast shutdown.
      this.child.kill('SIGINT');
      await once(this.child, 'exit');
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// PostgreSQL refuses to run as root.
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}
