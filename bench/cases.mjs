/**
 * The cases to compare. `sessions` names the file in servers/ that adds sessions to the application, `ioredis` the client
 * of this package.
 */
export const cases = ['express', 'fastify'].flatMap((platform) => [
  { name: `${platform}: no sessions`, platform, sessions: 'none', ceiling: true },
  { name: `${platform}: bare GET`, platform, sessions: 'bare-get' },
  platform === 'express'
    ? { name: 'express-session + connect-redis', platform, sessions: 'express-session', peer: true }
    : { name: '@fastify/session + connect-redis', platform, sessions: 'fastify-session', peer: true },
  { name: `${platform}: ours`, platform, sessions: 'ours', ioredis: 'ioredis', ours: true },
  { name: `${platform}: ours, ioredis 5`, platform, sessions: 'ours', ioredis: 'ioredis5' },
]);

/** The cases to run: the requested ones, the ceiling of each platform, and the candidate builds. */
export function chosenCases({ cases: wanted, candidates }) {
  const chosen = cases.filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  );
  const platforms = new Set(chosen.map(({ platform }) => platform));
  const builds = candidates.flatMap(([name, dist]) =>
    chosen
      .filter(({ ours }) => ours)
      .map((one) => ({ ...one, name: `${one.name} @${name}`, dist, ours: false })),
  );
  const isCeiling = ({ ceiling, platform }) => ceiling && platforms.has(platform);
  return [
    ...cases.filter((one) => isCeiling(one) || chosen.some(({ name }) => name === one.name)),
    ...builds,
  ];
}
