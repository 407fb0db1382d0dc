/**
 * The cases to compare. `sessions` names the file in servers/ that adds sessions to the application, `ioredis` the client
 * of this package, `routes` the only routes to measure. Cases with `onRequest` run only if --cases names them.
 */
export const cases = ['express', 'fastify'].flatMap((platform) => [
  { name: `${platform}: no sessions`, platform, sessions: 'none', ceiling: true },
  { name: `${platform}: bare GET`, platform, sessions: 'bare-get', bare: true, routes: ['read'] },
  platform === 'express'
    ? { name: 'express-session + connect-redis', platform, sessions: 'express-session', peer: true }
    : { name: '@fastify/session + connect-redis', platform, sessions: 'fastify-session', peer: true },
  { name: `${platform}: ours`, platform, sessions: 'ours', ioredis: 'ioredis', ours: true },
  { name: `${platform}: ours, ioredis 5`, platform, sessions: 'ours', ioredis: 'ioredis5', onRequest: true },
]);

/** The cases to run: the requested ones, the ceiling of each platform, and the candidate builds. */
export function chosenCases({ cases: wanted, candidates }) {
  const chosen = cases.filter(({ name, onRequest }) =>
    wanted.length === 0 ? !onRequest : wanted.some((part) => name.includes(part)),
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
