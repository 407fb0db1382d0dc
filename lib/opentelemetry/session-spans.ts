import { type Attributes, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { ObservedOperation, ObservedResult, SessionOperation } from '../session/session-observer.js';
import { attributeNames } from './attribute-names.js';

// What a request waits for. The rest is only counted.
const traced: ReadonlySet<SessionOperation> = new Set([
  'load',
  'create',
  'save',
  'rotate',
  'destroy',
  'lock',
]);

/** Spans around the operations that a request waits for, as children of the span that is active. */
export class SessionSpans {
  constructor(private readonly tracer: Tracer) {}

  /** @returns `undefined` for an operation without a span */
  start(begun: ObservedOperation): Span | undefined {
    const { operation, store, session, reason, applicationName } = begun;
    if (!traced.has(operation)) return undefined;
    const attributes: Attributes = {
      [attributeNames.application]: applicationName,
      [attributeNames.operation]: operation,
      [attributeNames.session]: session,
    };
    if (store === 'redis') attributes['db.system.name'] = 'redis';
    if (reason !== undefined) attributes[attributeNames.reason] = reason;
    const kind = store === 'redis' ? SpanKind.CLIENT : SpanKind.INTERNAL;
    return this.tracer.startSpan(`session ${operation}`, { kind, attributes });
  }

  end(span: Span, { outcome, errorCode, attempts, bytes, commands, roundTrips }: ObservedResult): void {
    if (span.isRecording()) {
      span.setAttributes({
        [attributeNames.outcome]: outcome,
        [attributeNames.attempts]: attempts,
        [attributeNames.bytes]: bytes,
        [attributeNames.commands]: commands,
        [attributeNames.roundTrips]: roundTrips,
      });
      if (errorCode !== undefined) {
        span.setAttribute('error.type', errorCode);
        span.setStatus({ code: SpanStatusCode.ERROR, message: errorCode });
      }
    }
    span.end();
  }
}
