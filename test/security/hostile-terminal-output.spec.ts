import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run, environmentOf, sessionsIn } from '../cli/cli-fixture.js';
import { newSessionId } from '../../lib/session/session-credential.js';
import { stored } from '../session/session-fixture.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

let server: RedisServer;
let application: string;
let env: Record<string, string>;
beforeAll(async () => {
  server = await RedisServer.start();
  application = uniqueName('shop');
  env = environmentOf(server, application);
});
afterAll(() => server.stop());

// Clears the screen, sets the title, opens a link, moves the cursor (8-bit form), reverses text, hides it, breaks the line.
const HOSTILE =
  '\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil\x07\x9b1A\u202egnp.exe\u200b\u2028\u2029\ufeff\u{e0041}\r\n\x7f';
// oxlint-disable-next-line no-control-regex -- they are what must not be there
const UNPRINTABLE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\u{e0041}/u;

const hostile = () =>
  stored(sessionsIn(server.client(), application), {
    [`name${HOSTILE}`]: `value${HOSTILE}`,
    user: `user${HOSTILE}`,
  });

describe('an attacker who chooses what a session holds', () => {
  it.each([
    ['names and values', ['--values']],
    ['names', []],
  ])('cannot send commands to the terminal of whoever looks at it, by %s', async (_by, args) => {
    const { code, shown, noted } = await run(['show', await hostile(), ...args], env);
    expect([code, noted]).toEqual([0, '']);
    expect(shown).toContain('name\\x1b[2J');
    expect(shown).not.toMatch(UNPRINTABLE);
  });

  it('cannot do it by JSON, which says what the session holds', async () => {
    const { shown } = await run(['show', await hostile(), '--values', '--json'], env);
    expect(shown).not.toMatch(UNPRINTABLE);
    const [attribute] = (JSON.parse(shown) as { attributes: { name: string; text: string }[] }).attributes;
    expect(attribute!.name).toBe(`name${HOSTILE}`);
    expect(JSON.parse(attribute!.text)).toBe(`value${HOSTILE}`);
  });

  it('cannot hide a session by times that are none', async () => {
    const id = await hostile();
    for (const time of ['1e300', 'x', '-1', '\u001b[2J']) {
      await server.admin.hset(`{${application}_${id}}_Data`, ':created', time, ':idle', time);
      for (const args of [['list'], ['list', '--json'], ['show', id], ['stats']])
        expect(await run(args, env)).toMatchObject({ code: 0 });
      expect((await run(['list'], env)).shown).toContain(id);
    }
  });

  it('cannot do it by a user that is listed, or that is asked about', async () => {
    for (const args of [
      ['list', '--values'],
      ['list', '--values', '--json'],
    ]) {
      const { code, shown } = await run(args, env);
      expect([code, UNPRINTABLE.test(shown), shown.includes('user')]).toEqual([0, false, true]);
    }
    const { noted } = await run(['destroy', '--user', HOSTILE], env);
    expect([noted.includes('\\x1b'), UNPRINTABLE.test(noted)]).toEqual([true, false]);
  });
});

describe('someone who reads the output of a command', () => {
  const credential = `${newSessionId()}.${'s'.repeat(43)}`;
  it.each([
    ['the password of --url', ['list', '--url', 'redis://shop:hunter2@127.0.0.1:1']],
    ['the password of --url at doctor', ['doctor', '--url', 'redis://shop:hunter2@127.0.0.1:1']],
    ['the password of a URL that is no URL', ['list', '--url', 'redis://shop:hunter2@127.0.0.1:x']],
    ['the password of a misspelt flag', ['list', '--urll=redis://shop:hunter2@127.0.0.1']],
    ['the password of a misplaced URL', ['redis://shop:hunter2@127.0.0.1']],
    ['the secret of a credential that was given as an id', ['show', credential]],
    ['the secret of a credential that was given to destroy', ['destroy', credential]],
  ])('does not learn %s', async (_what, args) => {
    const { code, shown, noted } = await run(args, args.includes(credential) ? env : {});
    expect(code).toBe(2);
    expect(`${shown}${noted}`).not.toMatch(/hunter2|ssss/);
    expect(`${shown}${noted}`).not.toBe('');
  });
});
