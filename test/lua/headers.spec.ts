import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { luaSources } from '../../lib/redis/lua/sources.js';

const folder = 'lib/redis/lua';
const files = readdirSync(folder).filter((file) => file.endsWith('.lua'));
const scripts = files.map((file) => [file, readFileSync(`${folder}/${file}`, 'utf8')] as const);

const named = (text: string, what: 'KEYS' | 'ARGV') => new Set(text.match(new RegExp(`${what}\\[\\d+`, 'g')));

describe.each(scripts)('%s', (file, lua) => {
  const end = lua.indexOf(']]');
  const [header, body] = [lua.slice(0, end), lua.slice(end)];

  it('starts with its contract', () => {
    expect(lua.startsWith(`--[[ ${file.replace('.lua', '').replace('-', '_')}: `)).toBe(true);
  });

  it('lists exactly the keys that it reads, and all its arguments', () => {
    expect(named(header, 'KEYS')).toEqual(named(body, 'KEYS'));
    for (const argument of named(body, 'ARGV')) expect(header).toContain(argument);
  });

  it('lists every number that it returns', () => {
    const returns = header.slice(header.indexOf('returns'));
    for (const [, code] of body.matchAll(/return (-?\d)/g))
      expect(returns).toMatch(new RegExp(`(^|\\D)${code}\\D`));
  });

  it('has at most 40 lines and 3 keys', () => {
    expect(lua.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    expect(named(body, 'KEYS').size).toBeLessThanOrEqual(3);
  });
});

describe('the module that carries the scripts', () => {
  it('holds the files as they are: npm run build writes it', () => {
    expect(luaSources).toEqual(
      Object.fromEntries(scripts.map(([file, lua]) => [file.replace('.lua', ''), lua])),
    );
  });
});
