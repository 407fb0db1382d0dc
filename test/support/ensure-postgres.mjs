import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureProgram, findOnPath } from './system-program.mjs';

const DEBIAN = '/usr/lib/postgresql';
const howToInstall = `The tests of the example store run a real PostgreSQL; install one:
  Debian, Ubuntu:  sudo apt-get install postgresql
  elsewhere:       put initdb and postgres on the PATH`;

/** The folder of initdb and postgres: on the PATH, or where Debian keeps them. apt installs them if it can. */
export function ensurePostgres() {
  const onPath = findOnPath('initdb');
  if (onPath) return dirname(realpathSync(onPath));
  // Debian keeps the servers off the PATH, and this program on it.
  const program = 'pg_lsclusters';
  if (!existsSync(DEBIAN))
    ensureProgram({ program, package: 'postgresql', variable: 'PG_LSCLUSTERS', howToInstall });
  return join(DEBIAN, readdirSync(DEBIAN).toSorted().at(-1), 'bin');
}
