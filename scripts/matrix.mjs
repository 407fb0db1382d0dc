// Runs the package wherever it says that it runs.
//   npm run matrix                          the suite on every Node, NestJS and ioredis; --ends: the oldest and the newest
//   npm run matrix -- --servers [NAME]      the suites about Redis on every server, or on those with NAME in their name
//   npm run matrix -- --setups [NAME]       the packed tarball in every set-up, or in those with NAME in their name
//   npm run matrix -- --setups --short      the same in the set-ups that most applications have
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const name = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
const unknown = flags.filter((flag) => !['--ends', '--servers', '--setups', '--short'].includes(flag));
if (unknown.length > 0)
  throw new Error(`${unknown.join(' ')} is none of --ends, --servers, --setups, --short.`);

process.exitCode = (await run()) ? 0 : 1;

async function run() {
  if (flags.includes('--servers')) {
    const { runOnServers } = await import('./matrix/servers.mjs');
    return runOnServers({ name });
  }
  if (flags.includes('--setups')) {
    const { runInSetups } = await import('./matrix/setups.mjs');
    return runInSetups({ name, short: flags.includes('--short') });
  }
  const { runOnVersions } = await import('./matrix/versions.mjs');
  return runOnVersions({ endsOnly: flags.includes('--ends') });
}
