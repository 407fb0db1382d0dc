import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import {
  FastifyExchange,
  type FastifyReply,
  type FastifyRequest,
  type RawRequest,
} from './fastify-exchange.js';
import { pretendWhileHeld } from './held-answer.js';
import { HttpIntegration } from './http-integration.js';
import { ANSWER_HEADERS } from './response-gate.js';
import { sessionAccessor, sessionIdOf } from './session-accessor.js';
import { EXCHANGE } from './session-exchange.js';
import type { SessionLifecycle } from './session-lifecycle.js';
import type { SessionRegistration } from './session-registrations.js';

type Done = (error?: unknown, payload?: unknown) => void;
type Middleware = (request: RawRequest, response: ServerResponse, next: Done) => void;

/** What this package needs of a Fastify instance. */
export interface FastifyApplication {
  /** Adds middleware; there once @fastify/middie is loaded, which `NestFactory.create()` does before anything else. */
  use?: (this: FastifyApplication, ...args: unknown[]) => unknown;
  decorateRequest(name: string | symbol, value: unknown): unknown;
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: FastifyReply, done: Done) => void,
  ): unknown;
  addHook(
    name: 'onSend',
    hook: (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done) => void,
  ): unknown;
}

/** Fastify: an `onRequest` hook loads the session, an `onSend` hook stores it. */
export class FastifyIntegration extends HttpIntegration<FastifyRequest, FastifyReply> {
  readonly #beforeMiddleware: boolean;
  readonly #rawSession: PropertyDescriptor;

  constructor(private readonly app: FastifyApplication) {
    super();
    app.decorateRequest(EXCHANGE, undefined);
    app.decorateRequest(
      'session',
      sessionAccessor<FastifyRequest>((request) => this.registrationOf(request)),
    );
    app.decorateRequest('sessionID', { getter: sessionIdOf });
    app.addHook('onSend', (request, reply, payload, done) => {
      const exchange = request[EXCHANGE];
      const storing = exchange?.lifecycle.commit(exchange);
      if (storing === undefined) return done(null, payload);
      pretendWhileHeld(reply.raw, true);
      storing.then(
        () => {
          pretendWhileHeld(reply.raw, false);
          done(null, payload);
        },
        (error: unknown) => {
          pretendWhileHeld(reply.raw, false);
          discardAnswer(reply, payload);
          done(error);
        },
      );
    });
    const { getter, setter } = sessionAccessor<RawRequest>((raw) =>
      this.registrations.find(raw.method, raw.originalUrl),
    );
    this.#rawSession = { configurable: true, enumerable: true, get: getter, set: setter };
    this.#beforeMiddleware = this.#comeBeforeMiddleware();
  }

  protected loadBeforeGuards(): void {
    this.app.addHook('onRequest', (request, reply, done) => {
      const loading = this.begin(request, reply);
      if (loading === undefined) done();
      else loading.then(() => done(), done);
    });
  }

  protected registrationOf({ method, url }: FastifyRequest): SessionRegistration | undefined {
    return this.registrations.find(method, url);
  }

  protected newExchange(lifecycle: SessionLifecycle, request: FastifyRequest, reply: FastifyReply) {
    const { raw } = request;
    const known = raw[EXCHANGE] as FastifyExchange | undefined;
    const exchange = known ?? new FastifyExchange(lifecycle, request, reply.raw);
    exchange.answerWith(reply);
    if (!this.#beforeMiddleware) this.#show(exchange, raw);
    return exchange;
  }

  /**
   * Middleware sees the raw request only, and runs before hooks that are added by now. So whoever adds the first one gets
   * ours before it: an application without middleware pays nothing. @returns whether there can be middleware by now.
   */
  #comeBeforeMiddleware(): boolean {
    const { app } = this;
    const { use } = app;
    if (use === undefined) return false;
    const first: Middleware = (raw, response, next) => {
      const registration = this.registrations.find(raw.method, raw.originalUrl);
      const lifecycle = registration?.hydrate === 'request' ? registration.lifecycle : undefined;
      const exchange = lifecycle && new FastifyExchange(lifecycle, raw, response);
      this.#show(exchange, raw);
      const loading = exchange && lifecycle.begin(exchange);
      if (loading === undefined) next();
      else loading.then(() => next(), next);
    };
    app.use = function useFirst(...args) {
      app.use = use;
      use.call(app, first);
      return use.apply(this, args);
    };
    return true;
  }

  /** Makes `session` work on the raw request too. */
  #show(exchange: FastifyExchange | undefined, raw: RawRequest): void {
    raw[EXCHANGE] = exchange;
    Object.defineProperty(raw, 'session', this.#rawSession);
  }
}

// The error handler answers anew, with whatever headers are left.
function discardAnswer(reply: FastifyReply, payload: unknown): void {
  for (const name of ANSWER_HEADERS) {
    reply.removeHeader(name);
    reply.raw.removeHeader(name);
  }
  if (payload instanceof Readable) payload.destroy();
}
