import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import type { ObservedOperation, ObservedResult, SessionOutcome } from '../session/session-observer.js';
import { attributeNames } from './attribute-names.js';

const DURATION_BOUNDARIES_IN_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const BYTES_BOUNDARIES = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];
const refusals: ReadonlySet<SessionOutcome> = new Set(['gone', 'conflict', 'lock-lost']);

/** The metrics. Their names and attributes are stable, and listed in docs/observability.md. */
export class SessionMetrics {
  readonly #duration: Histogram;
  readonly #lockWait: Histogram;
  readonly #bytes: Histogram;
  readonly #retries: Counter;
  readonly #commands: Counter;
  readonly #lostLeases: Counter;
  readonly #refusedSaves: Counter;
  readonly #created: Counter;
  readonly #rotated: Counter;
  readonly #destroyed: Counter;

  constructor(meter: Meter) {
    const histogram = (name: string, unit: string, description: string): Histogram =>
      meter.createHistogram(`nestjs_redis_session.${name}`, {
        unit,
        description,
        advice: {
          explicitBucketBoundaries: unit === 's' ? DURATION_BOUNDARIES_IN_SECONDS : BYTES_BOUNDARIES,
        },
      });
    const counter = (name: string, unit: string, description: string): Counter =>
      meter.createCounter(`nestjs_redis_session.${name}`, { unit, description });
    this.#duration = histogram('operation.duration', 's', 'Duration of operations, with retries and waits.');
    this.#lockWait = histogram('lock.wait', 's', 'How long requests waited for their exclusive session.');
    this.#bytes = histogram('operation.size', 'By', 'Attributes that operations have read or written.');
    this.#retries = counter('operation.retries', '{retry}', 'Attempts after the first one.');
    this.#commands = counter('operation.commands', '{command}', 'Commands that were sent to Redis.');
    this.#lostLeases = counter(
      'lock.lost',
      '{lock}',
      'Locks whose lease had ended before they were released.',
    );
    this.#refusedSaves = counter('save.refused', '{save}', 'Saves that wrote nothing, by outcome.');
    this.#created = counter('sessions.created', '{session}', 'Sessions that were created.');
    this.#rotated = counter('sessions.rotated', '{session}', 'Sessions that got a new secret.');
    this.#destroyed = counter('sessions.destroyed', '{session}', 'Sessions that were destroyed, by reason.');
  }

  record({ operation, applicationName, reason }: ObservedOperation, result: ObservedResult): void {
    const { outcome, errorCode, attempts, bytes, commands } = result;
    const source: Attributes = { [attributeNames.application]: applicationName };
    const which: Attributes = { ...source, [attributeNames.operation]: operation };
    const how: Attributes = { ...which, [attributeNames.outcome]: outcome };
    if (errorCode !== undefined) how['error.type'] = errorCode;

    this.#duration.record(result.milliseconds / 1000, how);
    if (operation === 'lock') this.#lockWait.record(result.milliseconds / 1000, how);
    if (bytes > 0) this.#bytes.record(bytes, which);
    if (attempts > 1) this.#retries.add(attempts - 1, which);
    if (commands > 0) this.#commands.add(commands, which);
    if (outcome === 'lock-lost') this.#lostLeases.add(1, which);
    if ((operation === 'save' || operation === 'rotate') && refusals.has(outcome))
      this.#refusedSaves.add(1, how);
    if (outcome === 'created') this.#created.add(1, source);
    if (operation === 'rotate' && outcome === 'saved') this.#rotated.add(1, source);
    if (outcome === 'destroyed') this.#destroyed.add(1, { ...source, [attributeNames.reason]: reason });
  }
}
