import { spread } from './statistics.mjs';

const columns = ['rate', 'p50', 'p99', 'serverCpu', 'aboveCeiling', 'redisCpu', 'commands', 'bytesIn', 'bytesOut']; // prettier-ignore

/** One row per cell: the median, minimum and maximum of its rounds. */
export function summarize(samples, servers) {
  const withCeiling = samples.map((sample) => ({
    ...sample,
    aboveCeiling: sample.serverCpu - ceilingOf(sample, samples, servers).serverCpu,
  }));
  return [...Map.groupBy(withCeiling, keyOf).values()].map((cells) => ({
    ...Object.fromEntries(['distance', 'connections', 'route', 'case'].map((name) => [name, cells[0][name]])),
    rounds: cells.length,
    ...Object.fromEntries(columns.map((name) => [name, spread(cells.map((cell) => cell[name]))])),
  }));
}

/** Formats the rows: one table per route, number of connections and distance. */
export function tableOf(rows) {
  return [...Map.groupBy(rows, ({ distance, connections, route }) => `${route}, ${connections} connection${connections === 1 ? '' : 's'}${distance === 'far' ? ', Redis 0.5 ms away' : ''}`)] // prettier-ignore
    .map(([title, group]) => [`\n${title}`, header, ...group.map(line)].join('\n'))
    .join('\n');
}

const header = inColumns('', 'requests/s', '(min–max)', 'p50 ms', 'p99 ms', 'server us above ceiling', 'Redis us', 'commands', 'bytes in', 'bytes out'); // prettier-ignore

function line(row) {
  return inColumns(
    row.case,
    row.rate.median.toFixed(0),
    `${row.rate.min.toFixed(0)}–${row.rate.max.toFixed(0)}`,
    row.p50.median.toFixed(2),
    row.p99.median.toFixed(2),
    `${row.aboveCeiling.median.toFixed(1)} of ${row.serverCpu.median.toFixed(1)}`,
    row.redisCpu.median.toFixed(1),
    row.commands.median.toFixed(2),
    row.bytesIn.median.toFixed(0),
    row.bytesOut.median.toFixed(0),
  );
}

function inColumns(name, ...rest) {
  const widths = [11, 14, 8, 8, 24, 9, 9, 9, 10];
  return name.padEnd(34) + rest.map((text, i) => text.padStart(widths[i])).join('');
}

function keyOf({ distance, connections, route, case: name }) {
  return [distance, connections, route, name].join('|');
}

function ceilingOf(sample, samples, servers) {
  const { name } = servers.find(({ ceiling, platform }) => ceiling && platform === sample.platform);
  return samples.find((other) => other.round === sample.round && keyOf(other) === keyOf({ ...sample, case: name })); // prettier-ignore
}
