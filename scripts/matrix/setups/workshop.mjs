import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../smoke-support.mjs';

const own = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

/** Where one set-up is made: a folder, a deadline, and a log of everything that its commands print. */
export class Workshop {
  constructor({ name, folder, redisPort, tarball, node, minutes }) {
    this.folder = join(folder, name.replaceAll(/\W+/g, '-'));
    this.log = `${this.folder}.log`;
    this.tarball = tarball;
    this.deadline = Date.now() + minutes * 60_000;
    this.app = join(this.folder, 'app');
    const clean = Object.entries(process.env).filter(([variable]) => !/^(npm_|REDIS_|NODE_OPTIONS|INIT_CWD)/.test(variable)); // prettier-ignore
    this.env = {
      ...Object.fromEntries(clean),
      PATH: `${dirname(node)}:${process.env.PATH}`,
      REDIS_SESSION_HOST: '127.0.0.1',
      REDIS_SESSION_PORT: String(redisPort),
      NODE_ENV: '',
      CI: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_prefer_offline: 'true',
    };
    mkdirSync(this.folder, { recursive: true });
  }

  /** Runs a command in the application's folder. @returns its stdout @throws Error if it fails or time is up */
  run(command, { cwd = this.app } = {}) {
    const timeout = this.deadline - Date.now();
    if (timeout <= 0) throw this.#failure(`no time left for ${command}`);
    appendFileSync(this.log, `\n$ ${command}\n`);
    const options = { cwd, env: this.env, timeout, encoding: 'utf8', maxBuffer: 1e8 };
    const { status, signal, stdout, stderr } = spawnSync('bash', ['-c', `exec ${command}`], { ...options, stdio: ['ignore', 'pipe', 'pipe'] }); // prettier-ignore
    appendFileSync(this.log, `${stdout}${stderr}`);
    if (status !== 0) throw this.#failure(`${command} ended with ${signal ?? `code ${status}`}`);
    return stdout;
  }

  /** Starts the application, visits it twice as one browser, and ends it. @throws Error if the session is not kept */
  async visit(command, { cwd = this.app, path = '/visits' } = {}) {
    const port = await freePort();
    appendFileSync(this.log, `\n$ ${command}\n`);
    const app = spawn('bash', ['-c', `exec ${command}`], {
      cwd,
      env: { ...this.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group of its own, so that what npm starts ends with it
    });
    for (const stream of [app.stdout, app.stderr])
      stream.on('data', (chunk) => appendFileSync(this.log, chunk));
    const url = `http://127.0.0.1:${port}${path}`;
    try {
      const first = await this.#firstAnswer(app, url, command);
      const cookie = first.headers.getSetCookie()[0]?.split(';')[0];
      const second = await fetch(url, { method: 'POST', headers: { cookie } });
      const seen = `${await first.text()} ${await second.text()}`;
      if (seen !== '{"visits":1} {"visits":2}') throw this.#failure(`two visits were answered with ${seen}`);
    } finally {
      if (app.pid && app.exitCode === null) process.kill(-app.pid, 'SIGKILL');
    }
  }

  async #firstAnswer(app, url, command) {
    while (app.exitCode === null && Date.now() < this.deadline) {
      const answer = await fetch(url, { method: 'POST' }).catch(() => undefined);
      if (answer) return answer;
      await sleep(100);
    }
    throw this.#failure(
      `${command} ${app.exitCode === null ? 'did not answer' : `ended with code ${app.exitCode}`}`,
    );
  }

  #failure(message) {
    console.log(readFileSync(this.log, 'utf8').split('\n').slice(-30).join('\n'));
    return new Error(`${message}, see ${this.log}`);
  }

  /** Copies an application with its node_modules. */
  copy(base) {
    this.run(`cp -R ${base} ${this.app}`, { cwd: this.folder });
  }

  /** Empties the application's folder, but for a package.json. */
  make(manifest) {
    rmSync(this.app, { recursive: true, force: true });
    mkdirSync(this.app);
    this.write('package.json', manifest);
  }

  write(file, content) {
    writeFileSync(
      join(this.app, file),
      typeof content === 'string' ? content : JSON.stringify(content, null, 2),
    );
  }

  /** Changes a JSON file. */
  edit(file, change) {
    const content = JSON.parse(readFileSync(join(this.app, file), 'utf8'));
    change(content);
    this.write(file, content);
  }

  /** The installed version of a package: `TypeScript 5.9.3`. */
  version(name, title = name) {
    const manifest = join(this.app, 'node_modules', name, 'package.json');
    if (!existsSync(manifest)) return title;
    return `${title} ${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
  }
}

/** The versions of tools that this package pins itself, because newer ones lack some platforms' binaries. */
export const pinned = Object.fromEntries(
  ['@swc/core', 'oxlint', 'oxlint-tsgolint'].map((name) => [name, own.devDependencies[name]]),
);
export const overrides = own.overrides;
