import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bench = fileURLToPath(new URL('..', import.meta.url));

/**
 * Copies a build of the package to a folder where it finds the peers of bench/package.json and the requested ioredis.
 * @returns the path of its entry file
 */
export function placeBuild(name, dist, ioredis) {
  if (!existsSync(`${dist}/index.js`))
    throw new Error(`There is no build at ${dist}. Run npm run build first.`);
  const place = `${bench}/.build/${name}`;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(`${place}/node_modules`, { recursive: true });
  cpSync(dist, `${place}/dist`, { recursive: true });
  writeFileSync(`${place}/package.json`, '{ "type": "module" }\n');
  symlinkSync(`${bench}/node_modules/${ioredis}`, `${place}/node_modules/ioredis`);
  return `${place}/dist/index.js`;
}

/** The version of an installed package. */
export function versionOf(name) {
  return JSON.parse(readFileSync(`${bench}/node_modules/${name}/package.json`, 'utf8')).version;
}
