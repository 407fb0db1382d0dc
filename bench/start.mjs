import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Runs a script of this folder (default: run.mjs) with the Node of bench/package.json. The peers are dependencies of that
// package only, so users and developers of the library do not install them.
const bench = fileURLToPath(new URL('.', import.meta.url));
const [first, ...rest] = process.argv.slice(2);
const [script, args] = first?.endsWith('.mjs') ? [first, rest] : ['run.mjs', process.argv.slice(2)];

if (!existsSync(`${bench}node_modules/.package-lock.json`)) {
  run('npm', ['ci', '--prefix', bench, '--no-audit', '--no-fund']);
}
const { nodeBinary } = await import('./parts/node-binary.mjs');
run(nodeBinary, [bench + script, ...args]);

function run(command, argv) {
  const { status } = spawnSync(command, argv, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
