import { median } from './statistics.mjs';

// The goals of the package: our requests/s divided by the peer's, or the peer's p50 divided by ours.
const goals = [
  { route: 'no cookie', connections: 64, express: 1.35, fastify: 1.4 },
  { route: 'no cookie', connections: 64, express: 0.93, fastify: 0.93, to: 'ceiling' },
  { route: 'read', connections: 64, express: 1.35, fastify: 1.3 },
  { route: 'change', connections: 64, express: 1.15, fastify: 1.1 },
  { route: 'read 10 KB', connections: 64, express: 4, fastify: 5 },
  { route: 'change 10 KB', connections: 64, express: 3.5, fastify: 4.5 },
  { route: 'new session', connections: 64, express: 1.4, fastify: 1.1 },
  { route: 'read', connections: 1, express: 1.3, fastify: 1.3 },
  { route: 'read', connections: 1, express: 1.8, fastify: 1.8, distance: 'far', of: 'p50' },
  { route: 'read', connections: 64, express: 1.2, fastify: 1.2, distance: 'far' },
  { route: 'change', connections: 64, express: 1.2, fastify: 1.2, distance: 'far' },
];

/** The ratio of our cases to the peer on the same platform: the median of the ratios of all rounds. */
export function goalsTable(samples, servers) {
  const lines = [];
  for (const goal of goals) {
    const { route, connections, distance = 'near', to = 'peer', of = 'rate' } = goal;
    const group = samples.filter((s) => s.route === route && s.connections === connections && s.distance === distance); // prettier-ignore
    for (const ours of servers.filter(({ sessions }) => sessions === 'ours')) {
      const other = servers.find((one) => one[to] && one.platform === ours.platform);
      const ratios = ratiosOf(group, ours, other, of);
      if (ratios.length === 0) continue;
      const wanted = goal[ours.platform];
      const ratio = median(ratios);
      const what = `${route}, ${connections}${distance === 'far' ? ', 0.5 ms away' : ''}${of === 'p50' ? ', p50' : ''}`; // prettier-ignore
      lines.push(`${what.padEnd(30)} ${ours.name.padEnd(34)} to ${to.padEnd(8)} ${ratio.toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}), goal ${wanted}: ${ratio >= wanted ? 'met' : 'missed'}`); // prettier-ignore
    }
  }
  return lines.join('\n');
}

function ratiosOf(group, ours, other, of) {
  return group
    .filter((sample) => sample.case === ours.name)
    .flatMap((sample) => {
      const beside = group.find(({ round, case: name }) => round === sample.round && name === other?.name);
      if (beside === undefined) return [];
      return [of === 'p50' ? beside.p50 / sample.p50 : sample[of] / beside[of]];
    });
}
