import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

// What the files of a folder must not import. Type imports are allowed.
const forbidden: Record<string, RegExp> = {
  session:
    /^(ioredis|@nestjs\/|express|fastify|cookie$|node:http|\.\.\/(request|redis|http|memory|migration|context|websockets|dbsc|structured|options)\/)/,
  observed:
    /^(ioredis|@nestjs\/|\.\.\/(request|redis|http|memory|migration|context|websockets|dbsc|structured|options)\/)/,
  request:
    /^(ioredis|@nestjs\/|express|fastify|node:http|\.\.\/(redis|http|memory|migration|context|websockets|dbsc|structured)\/)/,
  redis: /^(@nestjs\/|\.\.\/(request|http|memory|migration|context|websockets|dbsc|structured)\/)/,
  memory:
    /^(ioredis|@nestjs\/|\.\.\/(request|http|redis|migration|context|websockets|dbsc|structured|options)\/)/,
  dbsc: /^(ioredis|express|fastify|node:http|\.\.\/(redis|http|memory|migration|context|websockets|structured|options(?!\/(expectations|encryption-options)\.))\/)/,
  structured:
    /^(ioredis|@nestjs\/|\.\.\/(request|redis|http|memory|migration|context|websockets|dbsc|options)\/)/,
  migration: /^(ioredis|@nestjs\/|\.\.\/(redis|http|memory|context|websockets|dbsc|structured)\/)/,
  http: /^(ioredis|\.\.\/(redis|memory|migration|context|websockets|dbsc|structured)\/)/,
  context: /^(ioredis|\.\.\/(redis|memory|migration|websockets|options)\/)/,
  health: /^(ioredis|\.\.\/(?!shared\.))/,
  opentelemetry: /^(ioredis|@nestjs\/|\.\.\/)/,
  testing:
    /^(ioredis|@nestjs\/|@jest|express|fastify|(\.\.\/)+(request|redis|http|memory|migration|context|websockets|dbsc|structured|options)\/)/,
  websockets: /^(ioredis|\.\.\/(redis|memory|migration|context|options(?!\/web-origin\.))\/)/,
  cli: /^(ioredis|@nestjs\/|express|fastify|(\.\.\/)+(request|http|memory|migration|context|websockets|dbsc|structured)\/)/,
  options:
    /^(ioredis|@nestjs\/|\.\.\/(request|http|redis|memory|migration|context|websockets|dbsc|structured)\/)/,
};

function importsOf(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  return [...code.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from '([^']+)'/gms)]
    .filter(
      ([statement]) => !/\{[^}]*\}/.test(statement) || /\{\s*(?!type\b)|,\s*(?!type\b)\w/.test(statement),
    )
    .map(([, target]) => target!);
}

const sourcesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

describe('the layers of lib', () => {
  it.each(Object.entries(forbidden))('%s/ imports nothing from the layers above it', (folder, pattern) => {
    const imports = sourcesIn(join('lib', folder)).flatMap((name) =>
      importsOf(join('lib', folder, name)).map((target) => ({ name, target })),
    );
    expect(imports).not.toEqual([]);
    expect(imports.filter(({ target }) => pattern.test(target))).toEqual([]);
  });

  it('only redis/ imports ioredis', () => {
    const importing = sourcesIn('lib').filter((name) => importsOf(join('lib', name)).includes('ioredis'));
    expect([...new Set(importing.map((name) => name.split('/')[0]))]).toEqual(['redis']);
  });

  it('nothing imports cli/, and nothing else reads a command line', () => {
    const importing = sourcesIn('lib').filter((name) =>
      importsOf(join('lib', name)).some((target) => target === 'commander' || target.includes('/cli/')),
    );
    expect([...new Set(importing.map((name) => name.split('/')[0]))]).toEqual(['cli']);
  });

  it('nothing imports testing/', () => {
    const importing = sourcesIn('lib').filter((name) =>
      importsOf(join('lib', name)).some((target) => target.includes('/testing/')),
    );
    expect(importing).toEqual([]);
  });

  it('no file imports itself through others, not even its types', () => {
    const imported = new Map(
      sourcesIn('lib').map((name) => {
        const code = readFileSync(join('lib', name), 'utf8');
        const targets = [...code.matchAll(/ from '(\.[^']+)\.js'/g)];
        return [name, targets.map(([, target]) => join(name, '..', `${target}.ts`))];
      }),
    );
    // What is left after taking away, again and again, the files that import none of those left.
    for (let size = 0; size !== imported.size;) {
      size = imported.size;
      for (const [name, targets] of imported)
        if (!targets.some((target) => imported.has(target))) imported.delete(name);
    }
    expect([...imported.keys()]).toEqual([]);
  });
});
