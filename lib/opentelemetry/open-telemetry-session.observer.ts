import { type MeterProvider, metrics, trace, type TracerProvider } from '@opentelemetry/api';
import type { ObservedOperation, ObservedResult, SessionObserver } from '../session/session-observer.js';
import { SessionMetrics } from './session-metrics.js';
import { SessionSpans } from './session-spans.js';

/** Where the telemetry goes. */
export interface OpenTelemetrySessionOptions {
  /** @default the provider that is registered globally when the first operation begins */
  readonly tracerProvider?: TracerProvider;
  /** @default the provider that is registered globally when the first operation begins */
  readonly meterProvider?: MeterProvider;
}

const SCOPE = 'nestjs-redis-session';

/**
 * Reports the operations on the store to OpenTelemetry: spans around what a request waits for, and metrics of everything.
 * They contain no secret, no value and no user. One observer can serve several registrations.
 *
 * @example RedisSessionModule.forRoot({ observers: [new OpenTelemetrySessionObserver()] })
 */
export class OpenTelemetrySessionObserver implements SessionObserver {
  #spans: SessionSpans | undefined;
  #metrics: SessionMetrics | undefined;

  constructor(private readonly options: OpenTelemetrySessionOptions = {}) {}

  begin(operation: ObservedOperation): (result: ObservedResult) => void {
    // Late, because a meter that is asked for before the SDK has started measures nothing.
    const spans = (this.#spans ??= new SessionSpans((this.options.tracerProvider ?? trace).getTracer(SCOPE)));
    const instruments = (this.#metrics ??= new SessionMetrics(
      (this.options.meterProvider ?? metrics).getMeter(SCOPE),
    ));
    const span = spans.start(operation);
    return (result) => {
      instruments.record(operation, result);
      if (span !== undefined) spans.end(span, result);
    };
  }
}
