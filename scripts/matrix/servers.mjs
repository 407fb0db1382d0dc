// Runs the suites that talk to Redis on every server that is supported.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '../../test/support/system-program.mjs';
import { debianServer } from './debian-server.mjs';
import { table } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

const servers = [
  { name: 'Redis 7.0', program: 'redis-server', version: /^7\.0\./ },
  { name: 'Redis 8', program: 'redis-server', version: /^8\./ },
  { name: 'Valkey 8', program: 'valkey-server', version: /^8\./ },
];

const suites = {
  contract: ['test/contract/redis'],
  lua: ['test/lua/'],
  store: [
    'test/redis/(?!sentinel|locks-cluster|moving-slot)',
    'test/repository/',
    'test/security/acl.spec.ts',
  ],
  cluster: ['test/redis/(locks-cluster|moving-slot)', 'test/scenarios/cluster'],
  Sentinel: ['test/redis/sentinel', 'test/scenarios/sentinel'],
  scenarios: ['test/scenarios/(?!cluster|sentinel)'],
};

/** @returns whether all tests passed on all servers that this machine can have */
export function runOnServers({ name = '' }) {
  const chosen = servers.filter((server) => server.name.toLowerCase().includes(name.toLowerCase()));
  const results = chosen.map(runOn);
  console.log(
    `\nOn ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}; passed of all tests:\n`,
  );
  console.log(
    table(
      ['Server', 'Version', ...Object.keys(suites)],
      results.map(({ cells }) => cells),
    ),
  );
  return results.every(({ passed }) => passed);
}

function runOn(server) {
  const found = find(server);
  if (found.missing)
    return {
      passed: true,
      cells: [server.name, `not run: ${found.missing}`, ...Object.keys(suites).map(() => '')],
    };
  console.log(`\n${server.name}: ${found.version}`);
  const counts = Object.entries(suites).map(([suite, patterns]) => runSuite(suite, patterns, found.path));
  const passed = counts.every(({ total, failed }) => total > 0 && failed === 0);
  return {
    passed,
    cells: [
      server.name,
      found.version,
      ...counts.map(({ total, failed }) => `${total - failed} of ${total}`),
    ],
  };
}

/** The server on the PATH if its version fits, else Debian's. */
function find({ program, version }) {
  const onPath = findOnPath(program);
  if (onPath && version.test(versionOf(onPath))) return { path: onPath, version: versionOf(onPath) };
  try {
    const path = debianServer(program);
    if (version.test(versionOf(path))) return { path, version: versionOf(path) };
    return { missing: `Debian has ${versionOf(path)}` };
  } catch (error) {
    return {
      missing: String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1),
    };
  }
}

function versionOf(path) {
  return /v=([\d.]+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1] ?? '';
}

function runSuite(suite, patterns, server) {
  const folder = mkdtempSync(join(tmpdir(), 'session-servers-'));
  const report = join(folder, 'report.json');
  try {
    console.log(`== ${suite}`);
    spawnSync('npm', ['test', '--', '--silent', '--json', `--outputFile=${report}`, ...patterns], {
      cwd: root,
      env: { ...process.env, REDIS_SERVER: server },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 900_000,
    });
    const { numPassedTests, numPendingTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8'));
    const total = numTotalTests - numPendingTests;
    return { total, failed: total - numPassedTests };
  } catch (error) {
    console.log(`The suite did not finish: ${error.message}`);
    return { total: 0, failed: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
