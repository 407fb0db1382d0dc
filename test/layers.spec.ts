import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

// What a folder of lib must not import, beside what its name promises. Types alone may be named across.
const forbidden: Record<string, RegExp> = {
  session:
    /^(ioredis|@nestjs\/|express|fastify|cookie$|node:http|\.\.\/(request|redis|http|memory|migration|context|websockets|options)\/)/,
  request:
    /^(ioredis|@nestjs\/|express|fastify|node:http|\.\.\/(redis|http|memory|migration|context|websockets)\/)/,
  redis: /^(@nestjs\/|\.\.\/(request|http|memory|migration|context|websockets)\/)/,
  memory: /^(ioredis|@nestjs\/|\.\.\/(request|http|redis|migration|context|websockets|options)\/)/,
  migration: /^(ioredis|@nestjs\/|\.\.\/(redis|http|memory|context|websockets)\/)/,
  http: /^(ioredis|\.\.\/(redis|memory|migration|context|websockets)\/)/,
  context: /^(ioredis|\.\.\/(redis|memory|migration|websockets|options)\/)/,
  websockets: /^(ioredis|\.\.\/(redis|memory|migration|context|options)\/)/,
  options: /^(ioredis|@nestjs\/(?!config)|\.\.\/(request|http|redis|memory|migration|context|websockets)\/)/,
};

function importsOf(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  return [...code.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from '([^']+)'/gms)]
    .filter(
      ([statement]) => !/\{[^}]*\}/.test(statement) || /\{\s*(?!type\b)|,\s*(?!type\b)\w/.test(statement),
    )
    .map(([, target]) => target!);
}

describe.each(Object.entries(forbidden))('lib/%s', (folder, pattern) => {
  const files = readdirSync(join('lib', folder)).filter((name) => name.endsWith('.ts'));

  it.each(files)('%s imports nothing that belongs to another layer', (name) => {
    expect(importsOf(join('lib', folder, name)).filter((target) => pattern.test(target))).toEqual([]);
  });
});

describe('ioredis', () => {
  it('is imported by lib/redis alone', () => {
    const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const importing = files.filter((name) => importsOf(join('lib', name)).includes('ioredis'));
    expect(importing.length).toBeGreaterThan(0);
    expect(importing.filter((name) => !name.startsWith('redis/'))).toEqual([]);
  });
});
