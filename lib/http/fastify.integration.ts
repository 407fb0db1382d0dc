import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { SessionRegistration } from '../request/session-registration.js';
import { SessionRequest } from '../request/session-request.js';
import { FastifyAnswer, type FastifyReply, type FastifyRequest, type RawRequest } from './fastify-answer.js';
import { pretendWhileHeld } from './held-answer.js';
import { HttpIntegration } from './http-integration.js';
import { ANSWER_HEADERS } from './response-gate.js';
import { SESSION_REQUEST, sessionAccessor, sessionIdOf } from './session-accessor.js';
import type { HttpRegistration } from './session-registrations.js';

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
    app.decorateRequest(SESSION_REQUEST, undefined);
    app.decorateRequest(
      'session',
      sessionAccessor<FastifyRequest>((request) => this.registrationOf(request)),
    );
    app.decorateRequest('sessionID', { getter: sessionIdOf });
    app.addHook('onSend', (request, reply, payload, done) => {
      const storing = request[SESSION_REQUEST]?.commit(reply.statusCode >= 500);
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

  protected registrationOf({ method, url }: FastifyRequest): HttpRegistration | undefined {
    return this.registrations.find(method, url);
  }

  protected newRequest(sessions: SessionRegistration, request: FastifyRequest, reply: FastifyReply) {
    const { raw } = request;
    const session =
      raw[SESSION_REQUEST] ??
      new SessionRequest(sessions, request.headers, new FastifyAnswer(request, reply.raw));
    (session.answer as FastifyAnswer).answerWith(reply);
    if (!this.#beforeMiddleware) this.#show(session, raw);
    return session;
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
      const session =
        registration?.hydrate === 'request'
          ? new SessionRequest(registration.sessions, raw.headers, new FastifyAnswer(raw, response))
          : undefined;
      this.#show(session, raw);
      const loading = session?.begin();
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
  #show(session: SessionRequest | undefined, raw: RawRequest): void {
    raw[SESSION_REQUEST] = session;
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
