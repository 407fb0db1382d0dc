import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const HOW_TO_INSTALL = `The tests run real redis-server processes; install one:
  Debian, Ubuntu:  sudo apt-get install redis-server
  macOS:           brew install redis
  elsewhere:       set REDIS_SERVER=/path/to/redis-server (Redis 7 or newer)`;

/** Path of a redis-server that runs: $REDIS_SERVER, or the one on the PATH, or one that apt installs now. */
export function ensureRedisServer() {
  const chosen = process.env.REDIS_SERVER;
  if (chosen && !isExecutable(chosen)) {
    throw new Error(`REDIS_SERVER is "${chosen}", which is not an executable file.\n${HOW_TO_INSTALL}`);
  }
  const path = chosen || findOnPath('redis-server') || installWithApt();
  const version =
    /v=([\d.]+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1] ?? '(unknown)';
  // EXPIRE … LT and CLUSTER ADDSLOTSRANGE came with Redis 7.
  if (Number.parseInt(version, 10) >= 7) return path;
  throw new Error(`${path} is Redis ${version}; the tests need Redis 7 or newer.\n${HOW_TO_INSTALL}`);
}

function installWithApt() {
  if (process.getuid?.() !== 0 || !findOnPath('apt-get')) throw new Error(HOW_TO_INSTALL);
  console.log('redis-server is missing: installing it with apt-get, for the tests alone.');
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'redis-server');
  } catch (cause) {
    throw new Error(`apt-get could not install redis-server.\n${cause.stderr ?? ''}\n${HOW_TO_INSTALL}`, {
      cause,
    });
  }
  stopTheService();
  const installed = findOnPath('redis-server');
  if (!installed) throw new Error(HOW_TO_INSTALL);
  return installed;
}

// Runlevel 1 keeps the package from starting its service, which would sit on port 6379 (sysvinit; systemd ignores it).
function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  execFileSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
}

function stopTheService() {
  try {
    if (isDirectory('/run/systemd/system')) {
      execFileSync('systemctl', ['disable', '--now', 'redis-server'], { stdio: 'ignore' });
    } else {
      execFileSync('service', ['redis-server', 'stop'], { stdio: 'ignore' });
    }
  } catch {
    // Not running, or no service manager at all (a container): nothing is left to stop.
  }
}

function findOnPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isDirectory(path) {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
