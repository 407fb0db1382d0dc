import { execFileSync } from 'node:child_process';
import { ensureProgram } from './system-program.mjs';

const howToInstall = `The tests run real redis-server processes; install one:
  Debian, Ubuntu:  sudo apt-get install redis-server
  macOS:           brew install redis
  elsewhere:       set REDIS_SERVER=/path/to/redis-server, or a name on the PATH (Redis 7 or newer, Valkey)`;

/** Path of a redis-server that runs: $REDIS_SERVER, or the one on the PATH, or one that apt installs now. */
export function ensureRedisServer() {
  const path = ensureProgram({ program: 'redis-server', variable: 'REDIS_SERVER', howToInstall });
  const version =
    /v=([\d.]+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1] ?? '(unknown)';
  // EXPIRE … LT and CLUSTER ADDSLOTSRANGE came with Redis 7.
  if (Number.parseInt(version, 10) >= 7) return path;
  throw new Error(`${path} is Redis ${version}; the tests need Redis 7 or newer.\n${howToInstall}`);
}
