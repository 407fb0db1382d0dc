import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';

/**
 * Path of a program that the tests run: the one that the variable names (a path, or a name on the PATH), or the one on the
 * PATH, or the one that apt installs now, where that can be.
 * @throws what to install and how
 */
export function ensureProgram({ program, package: name = program, variable, howToInstall }) {
  const chosen = process.env[variable];
  if (!chosen) return findOnPath(program) || installWithApt(program, name, howToInstall);
  const path = chosen.includes(sep) ? chosen : findOnPath(chosen);
  if (path && isExecutable(path)) return path;
  throw new Error(
    `${variable} is "${chosen}", which is neither an executable file nor a program on the PATH.\n${howToInstall}`,
  );
}

function installWithApt(program, name, howToInstall) {
  if (process.getuid?.() !== 0 || !findOnPath('apt-get')) throw new Error(howToInstall);
  console.log(`${program} is missing: installing it with apt-get, for the tests alone.`);
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', name);
  } catch (cause) {
    throw new Error(`apt-get could not install ${name}.\n${cause.stderr ?? ''}\n${howToInstall}`, {
      cause,
    });
  }
  stopTheService(name);
  const installed = findOnPath(program);
  if (!installed) throw new Error(howToInstall);
  return installed;
}

// Runlevel 1 keeps a package from starting its service, which would sit on its port (sysvinit; systemd ignores it).
function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  execFileSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
}

function stopTheService(program) {
  try {
    if (isDirectory('/run/systemd/system')) {
      execFileSync('systemctl', ['disable', '--now', program], { stdio: 'ignore' });
    } else {
      execFileSync('service', [program, 'stop'], { stdio: 'ignore' });
    }
  } catch {
    // No such service, not running, or no service manager at all (a container): nothing is left to stop.
  }
}

/** Path of the program, or undefined. */
export function findOnPath(name) {
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
