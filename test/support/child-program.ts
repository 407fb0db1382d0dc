import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { transformFileSync } from '@swc/core';

export interface EndedProgram {
  /** The exit code, or null if a signal ended the process. */
  code: number | null;
  /** SIGKILL if it did not end in time. */
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/**
 * The package in a Node process of its own: what happens there at an unhandled rejection, and whether the process ends,
 * cannot be seen inside of Jest.
 */
export class ChildProgram {
  readonly #directory = mkdtempSync(join(tmpdir(), 'redis-session-program-'));

  constructor() {
    const root = resolve('.');
    symlinkSync(join(root, 'node_modules'), join(this.#directory, 'node_modules'));
    writeFileSync(
      join(this.#directory, 'package.json'),
      '{"type":"module","name":"nestjs-redis-session","exports":"./lib/index.js"}',
    );
    for (const file of readdirSync(join(root, 'lib'), { recursive: true }) as string[]) {
      const target = join(this.#directory, 'lib', file);
      mkdirSync(dirname(target), { recursive: true });
      if (!file.endsWith('.ts')) continue;
      const { code } = transformFileSync(join(root, 'lib', file), { sourceMaps: false });
      writeFileSync(target.replace(/\.ts$/, '.js'), code);
    }
  }

  /** Starts a TypeScript file that imports 'nestjs-redis-session', with a message channel. */
  start(file: string, ...args: string[]): ChildProcess {
    const target = join(this.#directory, 'started.js');
    writeFileSync(target, transformFileSync(file, { sourceMaps: false }).code);
    // Named, because in Jest `process.env` is a copy, which children do not inherit.
    const { env } = process;
    return spawn(process.execPath, [target, ...args], {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  /** Runs an ES module that imports the package from './lib/index.js', until it ends or times out. */
  async run(
    source: string,
    { within = 18_000, env = {} }: { within?: number; env?: Record<string, string> } = {},
  ): Promise<EndedProgram> {
    const file = join(this.#directory, 'program.js');
    writeFileSync(file, source);
    const child = spawn(process.execPath, [file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: within,
      killSignal: 'SIGKILL',
      env: { PATH: process.env.PATH, ...env },
    });
    const ended = new Promise<Pick<EndedProgram, 'code' | 'signal'>>((done, fail) => {
      child.once('error', fail).once('close', (code, signal) => done({ code, signal }));
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { ...(await ended), stdout, stderr };
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
