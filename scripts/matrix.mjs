// Runs the package wherever it says that it runs.
//   npm run matrix                        the suite on every Node, NestJS and ioredis; --ends: the oldest and the newest
//   npm run matrix -- --servers [NAME]    the suites about Redis on every server; with a name, only on those it is part of
const [kind, name = ''] = process.argv.slice(2).filter((argument) => argument !== '--ends');

process.exitCode = (await run()) ? 0 : 1;

async function run() {
  if (kind === '--servers') return (await import('./matrix/servers.mjs')).runOnServers({ name });
  if (kind) throw new Error(`"${kind}" is neither --ends nor --servers.`);
  return (await import('./matrix/versions.mjs')).runOnVersions({ endsOnly: process.argv.includes('--ends') });
}
