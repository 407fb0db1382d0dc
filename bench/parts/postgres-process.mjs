import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { end, start } from './child.mjs';
import { freePort } from './redis-process.mjs';

const DEBIAN = '/usr/lib/postgresql';

/** A PostgreSQL server with its defaults on a free loopback port. Needs initdb and postgres, on the PATH or as Debian has them. */
export class PostgresProcess {
  static async start() {
    const postgres = new PostgresProcess();
    const bin = existsSync(DEBIAN) ? `${join(DEBIAN, readdirSync(DEBIAN).toSorted().at(-1), 'bin')}/` : '';
    const directory = mkdtempSync(join(tmpdir(), 'bench-postgres-'));
    // PostgreSQL refuses to run as root.
    const owner = process.getuid() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
    if (owner.uid !== undefined) chownSync(directory, owner.uid, owner.gid);
    const run = { ...owner, cwd: directory, stdio: 'ignore' };
    execFileSync(`${bin}initdb`, ['-D', `${directory}/data`, '--auth=trust', '--username=bench', '--encoding=UTF8'], run); // prettier-ignore
    const port = await freePort();
    const args = ['-D', `${directory}/data`, '-p', port, '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${directory}`]; // prettier-ignore
    postgres.process = start('load', `${bin}postgres`, args.map(String), run);
    postgres.url = `postgres://bench@127.0.0.1:${port}/postgres`;
    await answers(postgres.url);
    return postgres;
  }

  async stop() {
    await end(this.process, (child) => child.kill('SIGINT'));
  }
}

function idOf(flag) {
  return Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
}

async function answers(connectionString) {
  for (let attempt = 1; ; attempt++) {
    const client = new Client({ connectionString });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      if (attempt === 100) throw error;
      await sleep(50);
    }
  }
}
