// Servers of a newer Debian beside the system's own: unpacked into a folder, and started with the loader and the libraries
// that they were built for. Nothing is installed.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const release = 'trixie';
const cache = join(tmpdir(), `session-matrix-${release}`);
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** @returns the path of a program that starts the server @throws Error that says why it is not to be had */
export function debianServer(program) {
  const starter = join(cache, program);
  if (existsSync(starter)) return starter;
  const root = join(cache, `${program}.root`);
  for (const archive of download(program)) execFileSync('dpkg-deb', ['-x', archive, root]);
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  const command = [join(libraries, 'ld-linux-x86-64.so.2'), '--library-path', libraries, '--argv0', program];
  writeFileSync(starter, `#!/bin/sh\nexec ${command.join(' ')} ${join(root, 'usr/bin', program)} "$@"\n`);
  chmodSync(starter, 0o755);
  return starter;
}

/** Downloads the package and all that it depends on. @returns the paths of the archives */
function download(program) {
  const folder = join(cache, `${program}.apt`);
  const archives = join(folder, 'cache/archives');
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, part), { recursive: true });
  const source = `deb [signed-by=${keyring}] ${mirror()} ${release} main\n`;
  writeFileSync(join(folder, 'sources.list'), source);
  writeFileSync(join(folder, 'status'), '');
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'status'), // empty, so that the libraries are downloaded too
    'Dir::Cache': join(folder, 'cache'),
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
  };
  const apt = (...args) =>
    execFileSync('apt-get', [...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]), '-qq', ...args], { stdio: ['ignore', 'ignore', 'pipe'] }); // prettier-ignore
  apt('update');
  apt('install', '-y', '--download-only', program);
  return readdirSync(archives).filter((file) => file.endsWith('.deb')).map((file) => join(archives, file)); // prettier-ignore
}

/** The Debian mirror that this machine uses. */
function mirror() {
  const sources = execFileSync('apt-get', ['indextargets', '--format', '$(ORIGIN) $(SUITE) $(REPO_URI)', 'Created-By: Packages'], { encoding: 'utf8' }); // prettier-ignore
  const own = /^Debian (?!\S*-)\S+ (\S+)$/m.exec(sources)?.[1];
  if (!own) throw new Error('this machine has no Debian mirror');
  return own;
}
