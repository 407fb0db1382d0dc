import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const run = promisify(execFile);

// Compilers take long on a busy machine.
const LONGEST = 120_000;

// The packages installed with it. Fastify is added only by the test that needs it.
const packages = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/websockets',
  '@types',
  'class-validator',
  'ioredis',
  'reflect-metadata',
  'rxjs',
];

/** Faults of a compilation; those in declarations of other packages are theirs. */
async function faultsOf(cwd: string): Promise<string[]> {
  const compiled = await run('node', [tsc, '-p', '.'], { cwd }).catch((error: { stdout: string }) => error);
  const lines = compiled.stdout.split('\n').filter((line) => line.includes('error TS'));
  return lines.filter((line) => !/node_modules\/(?!nestjs-redis-session\/)/.test(line));
}

describe('an application that is compiled with the declarations of the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'session-types-'));
  const modules = join(folder, 'node_modules');

  beforeAll(async () => {
    const own = join(modules, 'nestjs-redis-session');
    const [esm, cjs] = [join(own, 'dist/esm'), join(own, 'dist/cjs')];
    mkdirSync(own, { recursive: true });
    mkdirSync(join(modules, '@nestjs'));
    cpSync(join(root, 'package.json'), join(own, 'package.json'));
    for (const name of packages) symlinkSync(join(root, 'node_modules', name), join(modules, name));
    const declarationsOnly = [
      '--emitDeclarationOnly',
      '--noCheck',
      '--sourceMap',
      'false',
      '--inlineSources',
      'false',
    ];
    await run('node', [tsc, '-p', join(root, 'tsconfig.build.json'), ...declarationsOnly, '--outDir', esm]);
    // Both formats have the same declarations.
    cpSync(esm, cjs, { recursive: true });
    writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }');
  }, LONGEST);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A package of these sources, with the options of `nest new`. */
  function application(
    name: string,
    sources: string[],
    { type = 'module', skipLibCheck = true } = {},
  ): string {
    const cwd = join(folder, name);
    mkdirSync(cwd);
    for (const source of sources) cpSync(join(root, 'test', source), join(cwd, source.split('/').at(-1)!));
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name, type }));
    const compilerOptions = {
      module: 'nodenext',
      target: 'ES2023',
      lib: ['ES2023'],
      skipLibCheck,
      types: ['node'],
      strict: true,
      declaration: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      outDir: 'dist',
      rootDir: '.',
    };
    writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    return cwd;
  }

  it(
    'can use any attribute name if it declares none, and does not need Fastify',
    async () => {
      const cwd = application('undeclared', ['types/consumer/undeclared.ts'], { skipLibCheck: false });
      expect(await faultsOf(cwd)).toEqual([]);
    },
    LONGEST,
  );

  it(
    'has the attributes that it declares in every session, and infers types that have a public name',
    async () => {
      const sources = ['types/consumer/declared.ts', 'types/consumer/inferred.ts', 'readme/typed.ts'];
      const cwd = application('declared', sources);
      expect(await faultsOf(cwd)).toEqual([]);
      const declarations = readFileSync(join(cwd, 'dist/inferred.d.ts'), 'utf8');
      expect(declarations).toContain('findShop(id: string): Promise<library.SessionType<Shop> | undefined>;');
      expect(declarations).not.toContain('nestjs-redis-session/dist');
    },
    LONGEST,
  );

  it(
    'has request.session and request.sessionID on Fastify, as CommonJS',
    async () => {
      const cwd = application('fastify', ['types/consumer/fastify.ts'], { type: 'commonjs' });
      // As npm installs it, in the node_modules that the package resolves from.
      symlinkSync(join(root, 'node_modules/fastify'), join(modules, 'fastify'));
      expect(await faultsOf(cwd)).toEqual([]);
    },
    LONGEST,
  );
});
