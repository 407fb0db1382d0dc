import type { ServerResponse } from 'node:http';
import type { SessionRegistration } from '../request/session-registration.js';
import { SessionRequest } from '../request/session-request.js';
import {
  FastifyAnswer,
  MIDDLEWARE_ROUTING,
  type FastifyReply,
  type FastifyRequest,
  type RawRequest,
} from './fastify-answer.js';
import { FastifyRoutes, type AddedRoute, type RouteInjector } from './fastify-routes.js';
import type { HandlerStates } from './handler-states.js';
import { clientHasGone } from './http-answer.js';
import {
  HttpIntegration,
  SESSION_REQUEST,
  SESSION_ROUTER,
  sessionAccessor,
  sessionIdAccessor,
} from './http-integration.js';
import type { HttpRegistration } from './session-registrations.js';

type Done = (error?: unknown) => void;
type Middleware = (request: RawRequest, response: ServerResponse, next: Done) => void;

/** The part of a Fastify instance that this package uses. */
export interface FastifyApplication {
  /** Adds middleware. @fastify/middie, which `NestFactory.create()` loads first, defines it. */
  use?: (this: FastifyApplication, ...args: unknown[]) => unknown;
  decorateRequest(name: string | symbol, value: unknown): unknown;
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: FastifyReply, done: Done) => void,
  ): unknown;
  addHook(name: 'onRoute', hook: (route: AddedRoute) => void): unknown;
  addHook(
    name: 'onSend',
    hook: (
      request: FastifyRequest,
      reply: FastifyReply,
      payload: unknown,
      done: (error: null, payload: unknown) => void,
    ) => void,
  ): unknown;
  addHook(
    name: 'onError',
    hook: (request: FastifyRequest, reply: FastifyReply, error: unknown, done: () => void) => void,
  ): unknown;
}

/** Fastify: an `onRequest` hook loads the session, and the response gate stores it. */
export class FastifyIntegration extends HttpIntegration<FastifyRequest, FastifyReply> {
  readonly #beforeMiddleware: boolean;
  readonly #rawSession: PropertyDescriptor;

  readonly #routes: FastifyRoutes;

  constructor(
    private readonly app: FastifyApplication,
    adapter: RouteInjector,
    states: HandlerStates,
  ) {
    super();
    this.#routes = new FastifyRoutes(app, adapter, states);
    app.decorateRequest(SESSION_REQUEST, undefined);
    app.decorateRequest(
      'session',
      sessionAccessor<FastifyRequest>((request) => this.registrationOf(request)),
    );
    app.decorateRequest(SESSION_ROUTER, { getter: () => this });
    app.decorateRequest('sessionID', sessionIdAccessor);
    // Fastify answers what a hook throws synchronously (an invalid header, for example) with a 500. Without a hook it is an
    // unhandled rejection.
    app.addHook('onSend', (_request, _reply, payload, done) => done(null, payload));
    app.addHook('onError', (request, _reply, _error, done) => {
      const answer = request[SESSION_REQUEST]?.answer as FastifyAnswer | undefined;
      if (answer !== undefined) answer.errorHandled = true;
      done();
    });
    const { getter, setter } = sessionAccessor<RawRequest>((raw) =>
      this.registrations.ofTarget(raw.method, raw.originalUrl),
    );
    this.#rawSession = { configurable: true, enumerable: true, get: getter, set: setter };
    this.#beforeMiddleware = this.#comeBeforeMiddleware();
  }

  protected loadBeforeGuards(): void {
    this.app.addHook('onRequest', (request, reply, done) => {
      if (this.answersDevice(request.url, request.raw, reply.raw)) {
        reply.hijack();
        return;
      }
      const loading = this.begin(request, reply);
      if (loading === undefined) done();
      else
        loading.then(() => {
          if (!clientHasGone(request.raw, reply.raw)) done();
        }, done);
    });
  }

  // Middleware ran first and knew only the target, so it may have begun the session of another registration.
  protected override begin(request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined {
    const { raw } = request;
    const routing = raw[MIDDLEWARE_ROUTING];
    if (
      routing !== undefined &&
      raw[SESSION_REQUEST]?.registration !== this.registrationOf(request)?.sessions
    ) {
      routing.misrouted = true;
      raw[SESSION_REQUEST] = undefined;
    }
    return super.begin(request, reply);
  }

  protected targetOf({ url }: FastifyRequest): string {
    return url;
  }

  protected patternsOf({ routeOptions: { url } }: FastifyRequest): readonly unknown[] | undefined {
    return url === undefined ? undefined : [url];
  }

  protected leadsToDisabled(request: FastifyRequest, { sessions }: HttpRegistration): boolean {
    if (!this.#routes.leadsToDisabled(request, sessions.sessionState)) return false;
    const ofMiddleware = request.raw[SESSION_REQUEST];
    return ofMiddleware === undefined || ofMiddleware.skipped;
  }

  protected untouching(request: FastifyRequest): (() => boolean) | undefined {
    return this.#routes.leadsToUntouching(request) ? () => true : undefined;
  }

  protected newRequest(sessions: SessionRegistration, request: FastifyRequest, reply: FastifyReply) {
    const { raw } = request;
    const session =
      raw[SESSION_REQUEST] ??
      new SessionRequest(sessions, request.headers, new FastifyAnswer(request, reply.raw));
    (session.answer as FastifyAnswer).reply = reply;
    if (!this.#beforeMiddleware) this.#show(session, raw);
    return session;
  }

  /**
   * Adds our middleware right before the application's first one: middleware sees only the raw request and runs before our
   * hooks. An application without middleware pays nothing. @returns whether the application supports middleware
   */
  #comeBeforeMiddleware(): boolean {
    const { app } = this;
    const { use } = app;
    if (use === undefined) return false;
    const first: Middleware = (raw, response, next) => {
      if (this.answersDevice(raw.originalUrl, raw, response)) return;
      const registration = this.registrations.ofTarget(raw.method, raw.originalUrl);
      if (registration !== this.registrations.ofAllRoutes) raw[MIDDLEWARE_ROUTING] = { misrouted: false };
      const session =
        registration?.hydrate === 'request'
          ? this.#ofMiddleware(registration.sessions, raw, response)
          : undefined;
      this.#show(session, raw);
      const disabled =
        session !== undefined &&
        this.#routes.middlewareLeadsToDisabled(raw, session.registration.sessionState);
      if (disabled) session.skip();
      const loading = disabled ? undefined : session?.begin();
      if (loading === undefined) next();
      else
        loading.then(() => {
          if (!clientHasGone(raw, response)) next();
        }, next);
    };
    const routes = this.#routes;
    app.use = function useFirst(...args) {
      app.use = use;
      routes.tellMiddleware();
      use.call(app, first);
      return use.apply(this, args);
    };
    return true;
  }

  #ofMiddleware(sessions: SessionRegistration, raw: RawRequest, response: ServerResponse): SessionRequest {
    const answer = new FastifyAnswer(raw, response);
    const begun = new SessionRequest(sessions, raw.headers, answer, raw[MIDDLEWARE_ROUTING]);
    // Middleware runs before our hook, which knows the route.
    if (this.#routes.hasUntouching) begun.deferTouch(() => false);
    return begun;
  }

  /** Defines `session` on the raw request, which middleware sees. */
  #show(session: SessionRequest | undefined, raw: RawRequest): void {
    raw[SESSION_REQUEST] = session;
    Object.defineProperty(raw, 'session', this.#rawSession);
  }
}
