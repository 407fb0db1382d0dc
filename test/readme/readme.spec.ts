import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { optionNames } from '../../lib/options/option-names.js';
import { variableOf } from '../../lib/options/options-from-env.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { optionGroups } from '../../lib/options/redis-session.options.js';
import { allPages, brokenLinks, codeBlocks, holds, pages, table, textOf } from './readme.js';

const START_AND_TEST = `npm ci && npm start   # a small shop at http://localhost:3000
npm ci && npm test
`;
const INSTALL = 'npm install nestjs-redis-session ioredis class-validator\n';
const WITH_VARIABLES =
  'REDIS_SESSION_HOST=redis.internal REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS=3600 node dist/main.js\n';

describe('the README and the pages of docs', () => {
  const blocks = codeBlocks();

  it.each(blocks.filter(({ language }) => language === 'ts'))(
    'show compiled code of $file in $page',
    ({ file, code }) => {
      expect(file).toBeDefined();
      expect(holds(file!, code) ? [] : [code]).toEqual([]);
    },
  );

  it('show no other code than known shell commands, one console dialogue and diagrams', () => {
    const others = blocks.filter(({ language }) => language !== 'ts');
    const commands = others.filter(({ language }) => language === 'sh').map(({ code }) => code);
    expect([...new Set(commands)].toSorted()).toEqual([WITH_VARIABLES, START_AND_TEST, INSTALL].toSorted());
    const rest = others.map(({ language }) => language).filter((language) => language !== 'sh');
    expect(new Set(rest)).toEqual(new Set(['console', 'mermaid']));
  });

  it.each(allPages)('link to places that exist: %s', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('are all reached from the README', () => {
    const linked = new Set(
      [...textOf('README.md').matchAll(/\]\((docs\/[\w-]+\.md)/g)].map(([, page]) => page!),
    );
    expect(pages.filter((page) => page !== 'README.md' && !linked.has(page))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const named = [
      ...pages
        .map(textOf)
        .join('\n')
        .matchAll(/npm (?:run ([\w:]+)|(start|test)\b)/g),
    ].map(([, run, own]) => run ?? own!);
    expect(named).toEqual(expect.arrayContaining(['start', 'test', 'soak', 'bench']));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('the table of options', () => {
  const PAGE = 'docs/configuration.md';
  const rows = new Map(
    table(PAGE, 'Option').map(([option = '', ...cells]) => [option.replaceAll('`', ''), cells] as const),
  );
  const single = optionNames.filter((name) => !(name in optionGroups));

  it('has every option, once, and no other', () => {
    expect([...rows.keys()].toSorted()).toEqual([...single, 'isGlobal'].toSorted());
    expect(table(PAGE, 'Option')).toHaveLength(rows.size);
  });

  it.each(single)('names the environment variable of %s', (name) => {
    const [variable = ''] = rows.get(name)!;
    const named = /^`(\w+)`/.exec(variable)?.[1];
    expect(named && `REDIS_SESSION_${named}`).toBe(variableOf(name));
  });

  // The values of client, credentials, serializer and tls are objects, and header.scheme has a default only with a header.
  it.each(
    single.filter((name) => !['client', 'credentials', 'serializer', 'tls', 'header.scheme'].includes(name)),
  )('gives the default of %s', (name) => {
    const [, shown = ''] = rows.get(name)!;
    expect(/^`([^`]+)`|^none/.exec(shown)?.[1]).toBe(defaultOf(name));
  });
});

/** The default as text, or `undefined`. */
function defaultOf(name: string): string | undefined {
  let value: unknown = resolveOptions({}, {});
  for (const part of name.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return value === undefined ? undefined : JSON.stringify(value).replaceAll('"', '');
}
