import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { eventually } from './eventually.js';

const LOG = 'redis.log';

/** A redis-server child process and its folder. A restart keeps both the folder and the port. */
export class RedisProcess {
  readonly directory = mkdtempSync(join(tmpdir(), 'redis-session-test-'));
  #child?: ChildProcess;
  #reaper?: ChildProcess;

  constructor(
    readonly port: number,
    readonly tls?: { ca: string },
  ) {}

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it replies to PING; with `until: 'listening'`, when it replies anything, such as LOADING. */
  async start(args: string[], until: 'ready' | 'listening' = 'ready'): Promise<void> {
    const log = openSync(join(this.directory, LOG), 'a');
    const child = spawn(process.env.REDIS_SERVER ?? 'redis-server', args, {
      cwd: this.directory,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    await once(child, 'spawn');
    child.unref();
    this.#reaper = reap(child, this.directory);
    await eventually(async () => {
      // Not thrown, because that would repeat the attempt for a process that is gone.
      if (!this.running) return;
      const answer = await this.ping();
      if (until === 'ready' && answer.startsWith('-LOADING')) throw new Error(answer);
    }, { within: 15_000, every: 5 }); // prettier-ignore
    if (!this.running)
      throw new Error(`redis-server on port ${this.port} ended while starting:\n${this.log()}`);
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#child?.kill(name);
  }

  async kill(): Promise<void> {
    if (this.running) {
      const gone = once(this.#child!, 'exit');
      // Outside Jest, nothing else keeps the process alive until then.
      this.#child!.ref();
      this.#child!.kill('SIGKILL');
      await gone;
    }
    this.#reaper?.kill('SIGKILL');
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  log(): string {
    try {
      return readFileSync(join(this.directory, LOG), 'utf8').trimEnd().split('\n').slice(-10).join('\n');
    } catch {
      return '(it wrote no log)';
    }
  }

  /** The first line of the server's reply to PING. */
  private ping(): Promise<string> {
    return new Promise((resolve, reject) => {
      const to = { port: this.port, host: '127.0.0.1' };
      const socket = this.tls ? connectTls({ ...to, ca: this.tls.ca }) : connect(to);
      socket.setTimeout(1_000, () => socket.destroy(new Error(`No answer to PING on port ${this.port}`)));
      socket.once('data', (answer) => {
        resolve(String(answer));
        socket.destroy();
      });
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`Closed before the answer to PING on port ${this.port}`)));
      socket.write('PING\r\n');
    });
  }
}

// Jest hides process.on('exit') from tests, and a killed worker runs no handler at all. The end of this pipe always comes.
function reap(child: ChildProcess, directory: string): ChildProcess {
  const script = 'read _; kill -9 "$1" 2>/dev/null; rm -rf "$2"';
  const reaper = spawn('/bin/sh', ['-c', script, 'reaper', String(child.pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  reaper.unref();
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
  return reaper;
}
