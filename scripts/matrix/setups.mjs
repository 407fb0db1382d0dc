// Uses the packed tarball as newcomers do: follows the quick start of the README in each set-up, builds, starts, and visits
// twice. One set-up after the other, in temporary folders; what a failed one printed is kept.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, startRedis } from '../smoke-support.mjs';
import { nodeBinary, nodeVersion } from './node-binary.mjs';
import { builders } from './setups/builders.mjs';
import { makeStarter, nestNew, starters } from './setups/nest-new.mjs';
import { nx } from './setups/nx.mjs';
import { packageManagers } from './setups/package-managers.mjs';
import { runners } from './setups/runners.mjs';
import { runtimes } from './setups/runtimes.mjs';
import { typeResolution } from './setups/type-resolution.mjs';
import { Workshop } from './setups/workshop.mjs';
import { table } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

const setups = [...nestNew, nx, ...builders, ...runners, ...typeResolution, ...packageManagers, ...runtimes];

/** @returns whether the package works in all chosen set-ups */
export async function runInSetups({ name = '', short }) {
  const chosen = setups.filter((setup) => (!short || setup.short) && setup.name.toLowerCase().includes(name.toLowerCase())); // prettier-ignore
  const folder = mkdtempSync(join(tmpdir(), 'session-setups-'));
  const redis = await startRedis();
  const site = { folder, redisPort: redis.port, tarball: pack(folder), bases: new Map() };
  const rows = [];
  try {
    for (const setup of chosen) rows.push(await runSetup(setup, site));
  } finally {
    await redis.stop();
  }
  console.log(`\nOn ${new Date().toISOString().slice(0, 10)}:\n`);
  console.log(table(['Set-up', 'What was run', 'With', 'Result'], rows.map(({ cells }) => cells))); // prettier-ignore
  const passed = rows.every((row) => row.passed);
  if (passed) rmSync(folder, { recursive: true, force: true });
  return passed;
}

async function runSetup(setup, site) {
  const node = nodeBinary(setup.node);
  const started = Date.now();
  const cells = [setup.name, setup.ran];
  try {
    const base = setup.base && baseOf(setup.base, site);
    const shop = new Workshop({ ...site, name: setup.key ?? setup.name, node, minutes: setup.minutes });
    if (base) shop.copy(base);
    const versions = await setup.run(shop);
    rmSync(shop.folder, { recursive: true, force: true });
    console.log(`${setup.name}: works (${Math.round((Date.now() - started) / 1000)} s)`);
    const used = [`Node ${nodeVersion(node)}`, ...versions].join(', ');
    return { passed: true, cells: [...cells, used, setup.remark ?? 'works'] };
  } catch (error) {
    console.log(`${setup.name}: FAILED: ${error.message}`);
    return { passed: false, cells: [...cells, `Node ${nodeVersion(node)}`, `FAILED: ${error.message}`] };
  }
}

/** The folder of a starter's application after the quick start. Made once. */
function baseOf(key, site) {
  const { bases } = site;
  if (!bases.has(key)) {
    const node = nodeBinary(starters[key].node);
    const shop = new Workshop({ ...site, name: `base-${key}`, node, minutes: 8 });
    makeStarter(shop, starters[key]);
    bases.set(key, shop.app);
  }
  return bases.get(key);
}

function pack(folder) {
  run('npm', ['pack', '--pack-destination', folder], { cwd: root });
  return join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz'))); // prettier-ignore
}
