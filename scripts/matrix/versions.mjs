// Runs the test suite on all combinations of Node, NestJS and ioredis, or only on the oldest and the newest.
// Each combination is a copy of this checkout with its own dependencies.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary, nodeVersion } from './node-binary.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

// The packages of one NestJS release have three different major versions.
const nest11 = {
  apollo: '^13',
  common: '^11',
  config: '^4',
  core: '^11',
  graphql: '^13',
  mercurius: '^13',
  passport: '^11',
  'platform-express': '^11',
  'platform-fastify': '^11',
  'platform-socket.io': '^11',
  'platform-ws': '^11',
  terminus: '^11',
  testing: '^11',
  websockets: '^11',
};

const combinations = [
  { node: 20, nest: 11, ioredis: '5.11.1', end: true },
  { node: 20, nest: 12, ioredis: '6' },
  { node: 22, nest: 11, ioredis: '5.11.1' },
  { node: 22, nest: 12, ioredis: '6' },
  { node: 24, nest: 12, ioredis: '5.11.1' },
  // Only Node differs from what npm test has seen.
  {
    node: 24,
    nest: 12,
    ioredis: '6',
    end: true,
    alsoLeft: 'cli|contract|examples|lua|readme|repository|types',
  },
];

// Take minutes, and do not depend on versions.
const LEFT = 'browser|scenarios|soak|support.spec';

/** @returns whether all passed */
export function runOnVersions({ endsOnly }) {
  const chosen = combinations.filter(({ end }) => end || !endsOnly);
  const results = chosen.map((combination) => ({ ...combination, passed: run(combination, endsOnly) }));
  for (const { node, nest, ioredis, passed } of results) {
    console.log(`Node ${node}, NestJS ${nest}, ioredis ${ioredis}: ${passed ? 'passed' : 'FAILED'}`);
  }
  return results.every(({ passed }) => passed);
}

function run({ node, nest, ioredis, alsoLeft }, endsOnly) {
  const folder = mkdtempSync(join(tmpdir(), 'session-matrix-'));
  try {
    copyCheckout(folder);
    install(folder, nest, ioredis);
    const binary = nodeBinary(node);
    console.log(`\nNode ${nodeVersion(binary)}, NestJS ${nest}, ioredis ${ioredis}`);
    const jest = [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
    ];
    const folders = endsOnly && alsoLeft !== undefined ? `${LEFT}|${alsoLeft}` : LEFT;
    const left = ['--testPathIgnorePatterns', `test/(${folders})/`];
    return spawnSync(binary, [...jest, '--silent', ...left], { cwd: folder, stdio: 'inherit' }).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyCheckout(folder) {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter(Boolean);
  for (const file of files) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
}

function install(folder, nest, ioredis) {
  const path = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  if (nest === 11) {
    for (const [name, range] of Object.entries(nest11)) manifest.devDependencies[`@nestjs/${name}`] = range;
  }
  manifest.devDependencies.ioredis = ioredis;
  writeFileSync(path, JSON.stringify(manifest, null, 2));
  // The lock file has the newest versions, so npm must resolve the older ones anew.
  if (nest === 11) rmSync(join(folder, 'package-lock.json'));
  npm(folder, 'install');
}

function npm(cwd, ...args) {
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
