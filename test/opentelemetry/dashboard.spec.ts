import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import type { ObservedOperation, ObservedResult } from 'nestjs-redis-session';
import { OpenTelemetrySessionObserver } from 'nestjs-redis-session/opentelemetry';
import { table } from '../readme/readme.js';
import { Telemetry } from './telemetry.js';

const dashboard = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8');

const operation: ObservedOperation = {
  operation: 'save',
  applicationName: 'shop',
  store: 'redis',
  session: 'abcdefgh',
  reason: undefined,
  background: false,
};
const result: ObservedResult = {
  outcome: 'saved',
  errorCode: undefined,
  milliseconds: 1,
  attempts: 2,
  bytes: 3,
  commands: 1,
  roundTrips: 1,
};

/** What happens once, so that every metric has a value. */
const everything: [Partial<ObservedOperation>, Partial<ObservedResult>][] = [
  [{}, {}],
  [{}, { outcome: 'lock-lost' }],
  [{}, { outcome: 'error', errorCode: 'SESSION_STORE_UNAVAILABLE' }],
  [{ operation: 'rotate' }, {}],
  [{ operation: 'create' }, { outcome: 'created' }],
  [{ operation: 'lock' }, { outcome: 'found' }],
  [{ operation: 'destroy', reason: 'destroyed' }, { outcome: 'destroyed' }],
];

/** A name as OpenTelemetry's exporter and collector translate it for Prometheus. */
const underscored = (name: string) => name.replaceAll('.', '_');

function seriesOf({ descriptor: { name, unit }, dataPointType }: MetricData): string[] {
  const suffix = { s: '_seconds', By: '_bytes' }[unit] ?? '';
  const base = underscored(name) + suffix;
  return dataPointType === DataPointType.HISTOGRAM
    ? ['_bucket', '_count', '_sum'].map((part) => base + part)
    : [`${base}_total`];
}

describe('the dashboard for Grafana', () => {
  const telemetry = new Telemetry();
  let metrics: MetricData[];
  beforeAll(async () => {
    const observer = new OpenTelemetrySessionObserver();
    for (const [begun, ended] of everything)
      observer.begin({ ...operation, ...begun })({ ...result, ...ended });
    metrics = [...(await telemetry.metrics()).values()];
  });
  afterAll(() => telemetry.stop());

  const named = [...new Set(dashboard.match(/nestjs_redis_session_\w+/g))];

  it('names only metrics and attributes that exist', () => {
    const attributes = metrics.flatMap(({ dataPoints }) =>
      dataPoints.flatMap((point) => Object.keys(point.attributes).map(underscored)),
    );
    const known = new Set([...metrics.flatMap(seriesOf), ...attributes]);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    expect(dashboard).toContain('error_type');
    expect(known).toContain('error_type');
  });

  it('shows every metric', () => {
    const missing = metrics.filter((metric) => !seriesOf(metric).some((series) => named.includes(series)));
    expect(missing.map(({ descriptor }) => descriptor.name)).toEqual([]);
  });

  it('is described: the page lists every metric with its unit', () => {
    const rows = table('docs/observability.md', 'Metric').map(([name, unit]) => `${name} ${unit}`);
    const expected = metrics.map(({ descriptor: { name, unit } }) => `\`${name}\` \`${unit}\``);
    expect(rows.toSorted()).toEqual(expected.toSorted());
  });
});
