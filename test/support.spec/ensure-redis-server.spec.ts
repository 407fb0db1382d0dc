import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A machine of its own: nothing is on the PATH but what a test puts there.
let machine: string;
beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'ensure-redis-server-'));
});
afterEach(() => rmSync(machine, { recursive: true }));

function program(name: string, script: string): string {
  const path = join(machine, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const server = (version: string) => `echo "Redis server v=${version} sha=00000000:0 bits=64"`;

/** Stands for apt-get: notes how it was called, and installs what `script` says. */
function apt(script: string) {
  program('apt-get', `echo "$@ $DEBIAN_FRONTEND" >> ${machine}/calls\n${script}`);
}

function ensure({ user = 0, env = {} }: { user?: number; env?: Record<string, string> } = {}) {
  const module = JSON.stringify(new URL('../support/ensure-redis-server.mjs', import.meta.url));
  const script = `process.getuid = () => ${user};
    import(${module}).then((m) => console.log(m.ensureRedisServer())).catch((error) => console.log(error.message));`;
  return new Promise<string>((resolve) => {
    execFile(process.execPath, ['-e', script], { env: { PATH: machine, ...env } }, (_, output) =>
      resolve(output.trim()),
    );
  });
}

describe('redis-server', () => {
  it('is found in the PATH', async () => {
    const path = program('redis-server', server('7.2.4'));
    expect(await ensure()).toBe(path);
  });

  it('is the one named by REDIS_SERVER', async () => {
    program('redis-server', server('7.2.4'));
    const path = program('another-server', server('8.0.0'));
    expect(await ensure({ env: { REDIS_SERVER: path } })).toBe(path);
    expect(await ensure({ env: { REDIS_SERVER: '/nowhere' } })).toContain('REDIS_SERVER is "/nowhere"');
  });

  it('is the one in the PATH that REDIS_SERVER names', async () => {
    program('redis-server', server('7.2.4'));
    const path = program('valkey-server', server('8.1.1'));
    expect(await ensure({ env: { REDIS_SERVER: 'valkey-server' } })).toBe(path);
    expect(await ensure({ env: { REDIS_SERVER: 'keydb-server' } })).toContain(
      'REDIS_SERVER is "keydb-server"',
    );
  });

  it('is refused if it is too old', async () => {
    const path = program('redis-server', server('6.0.16'));
    expect(await ensure()).toContain(`${path} is Redis 6.0.16; the tests need Redis 7 or newer.`);
  });

  it('is installed with apt by root', async () => {
    apt(
      `if [ "$2" = install ]; then echo '${server('7.0.15')}' > ${machine}/redis-server; /bin/chmod +x ${machine}/redis-server; fi`,
    );
    expect(await ensure()).toBe(
      `redis-server is missing: installing it with apt-get, for the tests alone.\n${join(machine, 'redis-server')}`,
    );
    expect(readFileSync(join(machine, 'calls'), 'utf8')).toBe(
      '-qq update noninteractive\n-qq install -y --no-install-recommends redis-server noninteractive\n',
    );
  });

  it.each([
    ['if the user cannot install it', 1000, ':'],
    ['if apt fails', 0, 'echo "no network" >&2; exit 100'],
  ])('is asked for with an error %s', async (_, user, script) => {
    apt(script);
    const message = await ensure({ user });
    expect(message).toContain('sudo apt-get install redis-server');
    expect(message).toContain('brew install redis');
    expect(message).toContain('REDIS_SERVER=/path/to/redis-server');
    expect(message.includes('no network')).toBe(user === 0);
  });
});
