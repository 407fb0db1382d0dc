import { spread } from './statistics.mjs';

// What a case of ours is divided by: in the same round, the peer, the application without sessions (`ceiling`), and the
// application with only a GET to Redis (`bare`).
const rate = (ours, { peer }) => ours.rate / peer.rate;
const rateOfCeiling = (ours, { ceiling }) => ours.rate / ceiling.rate;
const redisCpu = (ours, { peer }) => ours.redisCpu / peer.redisCpu;
// What the requests/s come to if nothing else runs on the server's core.
const serverCpu = (ours, { peer }) => peer.serverCpu / ours.serverCpu;
const p50 = (ours, { peer }) => peer.p50 / ours.p50;
const aboveCeiling = (ours, { bare, ceiling }) =>
  (ours.serverCpu - ceiling.serverCpu) / (bare.serverCpu - ceiling.serverCpu);

// The goals of the package for Express and Fastify: ratios of at least or at most this much, with 64 connections.
const goals = [
  { what: 'Redis CPU to the peer', of: redisCpu, route: 'read', most: [1, 1] },
  { what: 'Redis CPU to the peer', of: redisCpu, route: 'change', most: [1.8, 1.8] },
  { what: 'Redis CPU to the peer', of: redisCpu, route: 'new session', most: [1.8, 1.8] },
  { what: 'server CPU to a bare GET', of: aboveCeiling, route: 'read', most: [1.5, 1] },
  { what: 'requests/s to the peer', of: rate, route: 'no cookie', least: [1.4, 1.6] },
  { what: 'requests/s to the peer', of: rate, route: 'untouched' },
  { what: 'requests/s to the peer', of: rate, route: 'read', least: [1.5, 1.6] },
  { what: 'requests/s to the peer', of: rate, route: 'change', least: [1.5, 1.4] },
  { what: 'requests/s to the peer', of: rate, route: 'new session', least: [1.7, 1.5] },
  { what: 'requests/s to the peer', of: rate, route: 'read 10 KB', least: [4, 5] },
  { what: 'requests/s to the peer', of: rate, route: 'change 10 KB', least: [3.5, 4.5] },
  { what: 'CPU of the peer to ours', of: serverCpu, route: 'no cookie', least: [1.4, 1.6] },
  { what: 'CPU of the peer to ours', of: serverCpu, route: 'untouched' },
  { what: 'CPU of the peer to ours', of: serverCpu, route: 'read', least: [1.5, 1.6] },
  { what: 'CPU of the peer to ours', of: serverCpu, route: 'change', least: [1.5, 1.4] },
  { what: 'CPU of the peer to ours', of: serverCpu, route: 'new session', least: [1.7, 1.5] },
  { what: 'CPU of the peer to ours', of: serverCpu, route: 'read 10 KB', least: [4, 5] },
  { what: 'CPU of the peer to ours', of: serverCpu, route: 'change 10 KB', least: [3.5, 4.5] },
  { what: 'requests/s to the ceiling', of: rateOfCeiling, route: 'no cookie', least: [0.93, 0.93] },
  { what: 'requests/s to the peer', of: rate, route: 'read', connections: 1, least: [1.3, 1.3] },
  { what: 'requests/s to the peer', of: rate, route: 'change', connections: 1, least: [1, 1] },
  { what: 'p50 of the peer to ours', of: p50, route: 'read', connections: 1, distance: 'far', least: [1.8, 1.8] }, // prettier-ignore
  { what: 'requests/s to the peer', of: rate, route: 'read', distance: 'far', least: [1.2, 1.2] },
  { what: 'requests/s to the peer', of: rate, route: 'change', distance: 'far', least: [1.2, 1.2] },
];

/** One line per goal and case of ours: the median, minimum and maximum of the ratios of all rounds. */
export function goalsTable(samples, servers) {
  return goals.flatMap((goal) =>
    servers
      .filter(({ sessions }) => sessions === 'ours')
      .flatMap((ours) => lineOf(goal, ours, ratiosOf(goal, ours, samples, servers)))).join('\n'); // prettier-ignore
}

function lineOf(goal, ours, ratios) {
  if (ratios.length === 0) return [];
  const { what, route, connections = 64, distance, most, least } = goal;
  const { median, min, max } = spread(ratios);
  const where = `${route}, ${connections}${distance === 'far' ? ', 0.5 ms away' : ''}`;
  const wanted = (most ?? least)?.[ours.platform === 'express' ? 0 : 1];
  const missed = most === undefined ? wanted - median : median - wanted;
  const outcome = wanted === undefined ? '' : `  ${most === undefined ? 'at least' : 'at most'} ${wanted.toFixed(2)}: ${missed > 0 ? `missed by ${missed.toFixed(2)}` : 'met'}`; // prettier-ignore
  const figures = `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
  return [what.padEnd(27) + where.padEnd(24) + ours.name.padEnd(26) + figures.padStart(18) + outcome];
}

function ratiosOf({ of, route, connections = 64, distance = 'near' }, ours, samples, servers) {
  const cells = samples.filter((cell) => cell.route === route && cell.connections === connections && cell.distance === distance); // prettier-ignore
  const beside = (round, role) => {
    const { name } = servers.find((one) => one[role] && one.platform === ours.platform) ?? {};
    return cells.find((cell) => cell.round === round && cell.case === name);
  };
  return cells
    .filter((cell) => cell.case === ours.name)
    .map((cell) => {
      const [peer, ceiling, bare] = ['peer', 'ceiling', 'bare'].map((role) => beside(cell.round, role));
      const found = of === aboveCeiling ? bare : of === rateOfCeiling ? ceiling : peer;
      return found === undefined ? NaN : of(cell, { peer, ceiling, bare });
    })
    .filter(Number.isFinite);
}
