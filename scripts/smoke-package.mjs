// Packs the package and uses it from applications outside this folder, as if they had installed it from npm.
import { deepStrictEqual as same, match } from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { run, startRedis } from './smoke-support.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

const consumers = [
  { name: 'ES module, NestJS 12, ioredis 6', type: 'module', nest: 12, ioredis: '^6.0.0' },
  { name: 'CommonJS, NestJS 11, ioredis 5.3', type: 'commonjs', nest: 11, ioredis: '5.3.0' },
];

const folder = mkdtempSync(join(tmpdir(), 'session-smoke-'));
const redis = await startRedis();
try {
  const packed = pack();
  checkContents(packed);
  for (const consumer of consumers) checkConsumer(consumer, packed.tarball);
} finally {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Packs what `npm run smoke` has built. */
function pack() {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename, size, unpackedSize }] = JSON.parse(run('npm', args, { cwd: root }));
  return { tarball: join(folder, filename), size, unpackedSize };
}

function checkContents({ tarball, size, unpackedSize }) {
  const files = run('tar', ['-tzf', tarball])
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  const outside = files.filter((file) => !file.startsWith('dist/')).toSorted();
  same(outside, ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  for (const file of files.filter((name) => name.startsWith('dist/') && name !== 'dist/cjs/package.json'))
    match(file, /\.(js|js\.map|d\.ts)$/, `${file} has no place in the package`);
  const built = readdirSync(join(root, 'lib'), { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''))
    .flatMap((name) => [`dist/esm/${name}.js`, `dist/esm/${name}.d.ts`, `dist/cjs/${name}.js`, `dist/cjs/${name}.d.ts`]); // prettier-ignore
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const exported = [];
  JSON.stringify(exports, (_key, target) => {
    if (typeof target === 'string') exported.push(target);
    return target;
  });
  same(
    exported.filter((target) => !files.includes(target.slice(2))),
    [],
    'exported, but not in the package',
  );
  same(
    built.filter((file) => !files.includes(file)),
    [],
    'built, but not in the package',
  );
  // Types and code of both formats, as each resolver of TypeScript finds them.
  console.log(run('npx', ['publint', tarball, '--strict'], { cwd: root }).trim());
  console.log(run('npx', ['attw', tarball], { cwd: root }).trim());
  console.log(
    `The package contains ${files.length} files (${size} bytes packed, ${unpackedSize} unpacked): dist and ${outside.join(', ')}.`,
  );
}

function checkConsumer({ name, type, nest, ioredis }, tarball) {
  const cwd = join(folder, type);
  mkdirSync(cwd);
  const dependencies = {
    '@nestjs/common': `^${nest}.0.0`,
    '@nestjs/core': `^${nest}.0.0`,
    '@nestjs/platform-express': `^${nest}.0.0`,
    '@nestjs/platform-fastify': `^${nest}.0.0`,
    '@nestjs/platform-ws': `^${nest}.0.0`,
    '@nestjs/websockets': `^${nest}.0.0`,
    '@types/node': '^20.19.0',
    '@types/ws': '^8.18.0',
    'class-transformer': '^0.5.1',
    'class-validator': '^0.14.0',
    devalue: '^5.9.0',
    ioredis,
    'nestjs-redis-session': `file:${tarball}`,
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.0',
    ws: '^8.18.0',
  };
  writeFileSync(
    join(cwd, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type, dependencies }),
  );
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd });
  cpSync(join(root, 'test/package/consumer.ts'), join(cwd, 'consumer.ts'));
  compile(cwd);
  const source = readFileSync(join(cwd, 'consumer.js'), 'utf8');
  match(source, type === 'module' ? /from 'nestjs-redis-session'/ : /require\("nestjs-redis-session"\)/);
  const env = { REDIS_SESSION_HOST: '127.0.0.1', REDIS_SESSION_PORT: String(redis.port), NODE_ENV: '' };
  for (const platform of ['express', 'fastify']) {
    // The timeout fails a process that does not end by itself.
    const said = run('node', ['consumer.js', platform], { cwd, env, timeout: 30_000 });
    same(said, `${platform}: passed\n`);
    console.log(`${name}, ${platform}: passed`);
  }
  checkCommandLine(cwd, env, name);
  if (type === 'commonjs') checkWithOlderResolver(cwd);
  checkBothFormats(cwd, env, name);
  checkContract(cwd, name);
  checkMissingPeers(cwd, name);
  checkOptionalPeers(cwd, env, nest, name);
}

/** The program that the package brings along. */
function checkCommandLine(cwd, env, name) {
  const findings = JSON.parse(run('npx', ['nestjs-redis-session', 'doctor', '--json'], { cwd, env }));
  same(
    findings.filter(({ status }) => status === 'problem'),
    [],
  );
  match(findings[0].seen, new RegExp(`connected to 127\\.0\\.0\\.1:${redis.port}`));
  match(run('node_modules/.bin/nestjs-redis-session', ['stats'], { cwd, env }), /^sessions /);
  console.log(`${name}, the command line: passed`);
}

/** What needs peers that the applications above did without. @nestjs/terminus 11 does not know `degraded`. */
function checkOptionalPeers(cwd, env, nest, name) {
  const peers = [`@nestjs/terminus@^${nest}.0.0`, '@opentelemetry/api@^1.9.0'];
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...peers], { cwd });
  cpSync(join(root, 'test/package/observed.ts'), join(cwd, 'observed.ts'));
  compile(cwd, 'observed.ts');
  const said = run('node', ['observed.js'], { cwd, env, timeout: 30_000 });
  same(said, `slow: ${nest === 11 ? 'up' : 'degraded'}\n`);
  console.log(`${name}, health and OpenTelemetry: passed`);
}

/** The contract of stores, in another test runner than ours. */
function checkContract(cwd, name) {
  cpSync(join(root, 'test/package/contract.mjs'), join(cwd, 'contract.mjs'));
  const env = { EXPECT: pathToFileURL(createRequire(join(root, 'node_modules/jest/package.json')).resolve('expect')).href }; // prettier-ignore
  match(run('node', ['--test', '--test-reporter=tap', 'contract.mjs'], { cwd, env }), /^# fail 0$/m);
  console.log(`${name}, the contract of stores with node:test: passed`);
}

/** A peer that is not installed is named by one error at import. */
function checkMissingPeers(cwd, name) {
  const subpaths = {
    'class-validator': '',
    ioredis: '',
    '@nestjs/websockets': '/websockets',
    '@nestjs/terminus': '/health',
    '@opentelemetry/api': '/opentelemetry',
    devalue: '/structured',
  };
  for (const [peer, subpath] of Object.entries(subpaths)) {
    const installed = join(cwd, 'node_modules', peer);
    if (existsSync(installed)) renameSync(installed, `${installed}-away`);
    const entry = `nestjs-redis-session${subpath}`;
    match(
      failureOf(cwd, `require('${entry}')`),
      new RegExp(`needs the package ${peer}, .*npm install ${peer}`),
    );
    match(
      failureOf(cwd, `import('${entry}').catch((error) => { throw error })`),
      new RegExp(`Cannot find package '${peer}' imported from .*nestjs-redis-session/dist/esm/`),
    );
    // Nobody else needs the packages of a subpath.
    if (subpath !== '') run('node', ['-e', "require('nestjs-redis-session')"], { cwd });
    if (existsSync(`${installed}-away`)) renameSync(`${installed}-away`, installed);
  }
  console.log(`${name}, without one of the peers: passed`);
}

function failureOf(cwd, code) {
  try {
    run('node', ['-e', code], { cwd });
  } catch (error) {
    return error.message;
  }
  throw new Error(`${code} succeeded without a peer.`);
}

/** An ES module and a CommonJS module of one application share one session. */
function checkBothFormats(cwd, env, name) {
  cpSync(join(root, 'test/package/both-formats'), join(cwd, 'both'), { recursive: true });
  writeFileSync(join(cwd, 'both/esm/package.json'), '{ "type": "module" }');
  writeFileSync(join(cwd, 'both/cjs/package.json'), '{ "type": "commonjs" }');
  compile(cwd, 'both/esm/main.ts');
  for (const platform of ['express', 'fastify']) {
    same(run('node', ['both/esm/main.js', platform], { cwd, env, timeout: 30_000 }), `${platform}: passed\n`);
    console.log(`${name}, both formats in one application, ${platform}: passed`);
  }
}

/** Resolves the types with `moduleResolution: node10`, as many CommonJS applications do: it ignores `exports`. */
function checkWithOlderResolver(cwd) {
  const older = ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'];
  run('node', [tsc, '-p', '.', '--noEmit', '--skipLibCheck', ...older], { cwd });
}

/** Compiles with all declarations checked. Ignores errors in the declarations of other packages. */
function compile(cwd, file = 'consumer.ts') {
  const compilerOptions = {
    module: 'nodenext',
    target: 'ES2023',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: false,
    skipLibCheck: false,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
  try {
    run('node', [tsc, '-p', '.'], { cwd });
  } catch (error) {
    const faults = error.message.split('\n').filter((line) => line.includes('error TS'));
    const ours = faults.filter((line) => !/^node_modules\/(?!nestjs-redis-session\/)/.test(line));
    if (ours.length > 0 || faults.length === 0) throw error;
    console.log(`(${faults.length} errors in the declarations of other packages, none in ours)`);
  }
}
