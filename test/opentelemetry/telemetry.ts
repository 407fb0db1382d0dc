import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

const A_DAY_MS = 86_400_000;

/** OpenTelemetry's own SDK, as an application starts it, with exporters in memory. */
export class Telemetry {
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] });
  readonly #meters = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: A_DAY_MS })],
  });

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(this.#tracers);
    metrics.setGlobalMeterProvider(this.#meters);
  }

  /** Puts every request of a server into a span, as @opentelemetry/instrumentation-http does. */
  traceRequests(server: Server): void {
    const emit = server.emit.bind(server) as (...args: unknown[]) => boolean;
    server.emit = ((event: string, ...args: [IncomingMessage, ServerResponse]) => {
      if (event !== 'request') return emit(event, ...args);
      const [request, response] = args;
      const span = trace.getTracer('http').startSpan(`${request.method} ${request.url}`);
      response.once('close', () => span.end());
      return context.with(trace.setSpan(context.active(), span), () => emit(event, ...args));
    }) as Server['emit'];
  }

  /** The spans that have ended, of sessions only if asked for. */
  spans(ofSessions = true): ReadableSpan[] {
    return this.#spans.getFinishedSpans().filter(({ name }) => !ofSessions || name.startsWith('session '));
  }

  forgetSpans(): void {
    this.#spans.reset();
  }

  /** The metrics by their names. */
  async metrics(): Promise<Map<string, MetricData>> {
    this.#metrics.reset();
    await this.#meters.forceFlush();
    const all = this.#metrics
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics);
    return new Map(all.map((metric) => [metric.descriptor.name, metric]));
  }

  /** The sum of a counter, by its attributes other than the application: `{ 'operation=load': 2 }`. */
  async counted(name: string): Promise<Record<string, number>> {
    const metric = (await this.metrics()).get(`nestjs_redis_session.${name}`);
    const points = (metric?.dataPoints ?? []) as DataPoint<number>[];
    return Object.fromEntries(points.map(({ attributes, value }) => [textOf(attributes), value]));
  }

  async stop(): Promise<void> {
    await this.#tracers.shutdown();
    await this.#meters.shutdown();
    trace.disable();
    metrics.disable();
    context.disable();
  }
}

function textOf(attributes: object): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name.replace('nestjs_redis_session.', '')}=${value}`)
    .filter((text) => !text.startsWith('application='))
    .join(' ');
}
