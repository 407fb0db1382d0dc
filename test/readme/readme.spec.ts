import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { optionNames } from '../../lib/options/option-names.js';
import { variableOf } from '../../lib/options/options-from-env.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { optionGroups } from '../../lib/options/redis-session.options.js';
import { anchors, codeBlocks, exists, holds, readme, table } from './readme.js';

/** The shell commands of the README. */
const shellCommands = [
  'npm ci && npm start   # a small shop at http://localhost:3000\nnpm ci && npm test\n',
  'npm install nestjs-redis-session ioredis class-validator @nestjs/config   # with NestJS 11: @nestjs/config@4\n',
  'REDIS_SESSION_HOST=redis.internal REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS=3600 node dist/main.js\n',
];

describe('the README', () => {
  it.each(codeBlocks().filter(({ language }) => language === 'ts'))(
    'shows compiled code of $file',
    ({ file, code }) => {
      expect(file).toBeDefined();
      expect(holds(file!, code) ? [] : [code]).toEqual([]);
    },
  );

  it('shows no other code than known shell commands and one console dialogue', () => {
    const others = codeBlocks().filter(({ language }) => language !== 'ts');
    expect(others.filter(({ language }) => language === 'sh').map(({ code }) => code)).toEqual(shellCommands);
    expect(others.map(({ language }) => language).filter((language) => language !== 'sh')).toEqual([
      'console',
    ]);
  });

  it('links to places that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
    const missing = links.filter((target) =>
      target.startsWith('#') ? !anchors().includes(target.slice(1)) : !exists(target),
    );
    expect(missing).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const named = [...readme.matchAll(/npm (?:run ([\w:]+)|(start|test)\b)/g)].map(
      ([, run, own]) => run ?? own!,
    );
    expect(named).toEqual(expect.arrayContaining(['start', 'test', 'soak', 'bench']));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('the table of options in the README', () => {
  const rows = new Map(
    table('Option').map(([option = '', ...cells]) => [option.replaceAll('`', ''), cells] as const),
  );
  const single = optionNames.filter((name) => !(name in optionGroups));

  it('has every option, once, and no other', () => {
    expect([...rows.keys()].toSorted()).toEqual([...single, 'isGlobal'].toSorted());
    expect(table('Option')).toHaveLength(rows.size);
  });

  it.each(single)('names the environment variable of %s', (name) => {
    const [variable = ''] = rows.get(name)!;
    const named = /^`(\w+)`/.exec(variable)?.[1];
    expect(named && `REDIS_SESSION_${named}`).toBe(variableOf(name));
  });

  // The values of client, serializer and tls are objects, and header.scheme has a default only with a header.
  it.each(single.filter((name) => !['client', 'serializer', 'tls', 'header.scheme'].includes(name)))(
    'gives the default of %s',
    (name) => {
      const [, shown = ''] = rows.get(name)!;
      expect(/^`([^`]+)`|^none/.exec(shown)?.[1]).toBe(defaultOf(name));
    },
  );
});

/** The default as text, or `undefined`. */
function defaultOf(name: string): string | undefined {
  let value: unknown = resolveOptions({}, {});
  for (const part of name.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return value === undefined ? undefined : JSON.stringify(value).replaceAll('"', '');
}
