import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChildProgram } from '../support/child-program.js';
import { freePort } from '../support/free-port.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { stored } from '../session/session-fixture.js';
import { environmentOf, run, runJson, sessionsIn } from './cli-fixture.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const ids = async (args: string[], env: Record<string, string>) =>
  (await runJson<{ id: string }[]>(['list', ...args], env)).json.map((session) => session.id);

describe('the command line', () => {
  it('takes the options of the application from the environment, and flags in place of them', async () => {
    const [shop, desk] = [uniqueName('shop'), uniqueName('desk')];
    const id = await stored(sessionsIn(server.client(), shop), { a: 1 });
    const other = await stored(sessionsIn(server.client(), desk), { a: 1 });
    expect(await ids([], environmentOf(server, shop))).toEqual([id]);
    expect(await ids(['--application-name', desk], environmentOf(server, shop))).toEqual([other]);
    const elsewhere = { REDIS_SESSION_PORT: String(await freePort()), REDIS_SESSION_APPLICATION_NAME: shop };
    expect(await ids(['--url', server.url], elsewhere)).toEqual([id]);
    expect(await ids([], { REDIS_URL: server.url, REDIS_SESSION_APPLICATION_NAME: desk })).toEqual([other]);
  });

  it.each([['--help'], ['list', '--help'], ['help', 'destroy']])('shows help: %s %s', async (...args) => {
    const { code, shown, noted } = await run(args, {});
    expect([code, noted]).toEqual([0, '']);
    expect(shown).toMatch(/^Usage: nestjs-redis-session/);
  });

  it('says in its help what the exit codes mean and where options come from', async () => {
    const { shown } = await run(['--help'], {});
    expect(shown).toContain('Exit codes: 0 fine, 1 a problem was found');
    expect(shown).toContain('REDIS_SESSION_…');
  });

  it.each([
    ['an unknown command', ['lisst'], 'unknown command'],
    ['an unknown flag', ['list', '--jsn'], 'Did you mean --json?'],
    ['a missing id', ['show'], "missing required argument 'id'"],
    ['no command', [], 'Usage:'],
    ['a limit that is no number', ['list', '--limit', 'x'], 'Expected a whole number from 1.'],
    ['a text that is no id', ['show', 'nothing'], 'That is not the id of a session'],
  ])('ends with 2 at %s', async (_what, args, message) => {
    const { code, shown, noted } = await run(args, environmentOf(server, 'shop'));
    expect([code, shown]).toEqual([2, '']);
    expect(noted).toContain(message);
  });

  it('ends with 2 at options that the application would refuse, and lists every fault', async () => {
    const env = { REDIS_SESSION_PORT: 'x', REDIS_SESSION_HOSTT: 'redis' };
    expect(await run(['list'], env)).toEqual({
      code: 2,
      shown: '',
      noted: expect.stringMatching(
        /^error: these options cannot be used:\n- unknown environment variable "REDIS_SESSION_HOSTT".*\n- port .*\n$/,
      ),
    });
  });

  it('ends with 2 if the sessions are not in Redis', async () => {
    const { code, noted } = await run(['list'], { REDIS_SESSION_STORE: 'memory' });
    expect([code, noted]).toEqual([2, expect.stringContaining('in the process of the application')]);
  });

  it('ends with 2 if Redis is away, and says why', async () => {
    const port = await freePort();
    for (const args of [['list'], ['stats'], ['destroy', '--all', '--yes']]) {
      const { code, shown, noted } = await run(args, {
        REDIS_SESSION_PORT: String(port),
        REDIS_SESSION_FAIL_FAST: 'true',
      });
      expect([code, shown]).toEqual([2, '']);
      expect(noted).toMatch(/^error: Redis is not reachable: .*ECONNREFUSED.*doctor` says more\.\n$/);
    }
  });

  it('ends with 2 if the user has no right to scan, and says so', async () => {
    await server.admin.call(
      'ACL',
      'SETUSER',
      'reader',
      'reset',
      'on',
      '>reader',
      '~*',
      '&*',
      '+@all',
      '-scan',
    );
    const login = { REDIS_SESSION_USERNAME: 'reader', REDIS_SESSION_ACCESS_KEY: 'reader' };
    const { code, noted } = await run(['list'], { ...environmentOf(server, 'shop'), ...login });
    expect([code, noted]).toEqual([2, expect.stringContaining('NOPERM')]);
  });
});

describe('the program in a process of its own', () => {
  it('prints JSON to stdout, ends by itself, and passes its exit code on', async () => {
    const program = new ChildProgram();
    const start = (args: string[], env: Record<string, string>) =>
      program.run(`process.argv.push(...${JSON.stringify(args)}); await import('./lib/cli/main.js');`, {
        env,
      });
    try {
      const id = await stored(sessionsIn(server.client(), 'shop'), { cart: ['tea'] });
      const fine = await start(['show', id, '--json'], environmentOf(server, 'shop'));
      expect(fine).toMatchObject({ code: 0, signal: null, stderr: '' });
      expect(JSON.parse(fine.stdout)).toMatchObject({ id, attributes: [{ name: 'cart' }] });
      const away = await start(['doctor', '--json'], { REDIS_SESSION_PORT: String(await freePort()) });
      expect([away.code, JSON.parse(away.stdout)]).toEqual([
        2,
        [expect.objectContaining({ status: 'problem' })],
      ]);
      const unasked = await start(['destroy', '--all'], environmentOf(server, 'shop'));
      expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('add --yes')]);
    } finally {
      program.remove();
    }
  }, 40_000);

  it('reaches a server with TLS if Node trusts its authority, and says how if not', async () => {
    const program = new ChildProgram();
    const secure = await RedisServer.start({ tls: true });
    const directory = mkdtempSync(join(tmpdir(), 'redis-session-ca-'));
    try {
      const authority = join(directory, 'ca.pem');
      writeFileSync(authority, secure.ca!);
      const source = `process.argv.push('doctor', '--json'); await import('./lib/cli/main.js');`;
      const env = { REDIS_URL: secure.url };
      const trusted = await program.run(source, { env: { ...env, NODE_EXTRA_CA_CERTS: authority } });
      expect(trusted.code).toBe(0);
      expect(JSON.parse(trusted.stdout)).toContainEqual(
        expect.objectContaining({ name: 'encryption', status: 'ok', seen: 'the connection uses TLS' }),
      );
      const unknown = await program.run(source, { env });
      expect(unknown.code).toBe(2);
      expect(JSON.parse(unknown.stdout)).toEqual([
        expect.objectContaining({ status: 'problem', todo: expect.stringContaining('NODE_EXTRA_CA_CERTS') }),
      ]);
    } finally {
      rmSync(directory, { recursive: true });
      program.remove();
      await secure.stop();
    }
  }, 40_000);
});
