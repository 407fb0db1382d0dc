import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { SessionOptionsError } from '../session/session.errors.js';
import type { SessionState } from '../session/session-state.js';
import { drainServer, watchConnections } from './drain.js';
import { ExpressIntegration, type ExpressApplication } from './express.integration.js';
import { FastifyIntegration, type FastifyApplication } from './fastify.integration.js';
import type { MiddlewareBinder } from './express-routing.js';
import type { RouteInjector } from './fastify-routes.js';
import { HandlerStates } from './handler-states.js';
import type { HttpIntegration, WithSession } from './http-integration.js';
import { hideInternalMessages } from './internal-messages.js';
import type { HttpRegistration } from './session-registrations.js';
import { unknownRegistrations } from './unknown-registrations.js';

type Request = WithSession & { readonly method: string };
type Integration = HttpIntegration<Request, object>;

// All registrations of an application share one integration.
const integrations = new WeakMap<object, Integration>();

/** Installs a registration of the module on the platform of the application, Express or Fastify. */
export class SessionHttp implements OnModuleInit, BeforeApplicationShutdown {
  #integration: Integration | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly registration: HttpRegistration,
    private readonly modules: ModulesContainer,
    private readonly shutdownTimeoutInMilliseconds: number,
  ) {}

  /** @throws SessionOptionsError if `@UseSession()` or `@GatewaySession()` names a registration that does not exist */
  onModuleInit(): void {
    if (this.#integration === undefined) return;
    const faults = unknownRegistrations(this.modules, this.#integration.registrations.names);
    if (faults.length > 0) throw new SessionOptionsError(faults);
    watchConnections(this.host.httpAdapter.getHttpServer());
  }

  /** The server is closed after this. */
  beforeApplicationShutdown(): void {
    const server = this.#integration && this.host.httpAdapter.getHttpServer();
    if (server?.listening) drainServer(server, this.shutdownTimeoutInMilliseconds);
  }

  /** Installs the integration as soon as the application exists. A testing module creates it after its providers. */
  installWhenReady(): void {
    // Now if possible: nobody catches what a subscriber throws.
    if (this.host.httpAdapter) this.#install();
    else this.host.init$.subscribe(() => this.#install());
  }

  /** Applies the state of a route to the session of its request, and begins the session if necessary. */
  enter(
    request: object,
    response: object,
    state: SessionState | undefined,
    touches: boolean | undefined,
  ): Promise<void> {
    const session = this.#integration!.sessionOf(request as Request, response);
    return session?.enter(state, touches) ?? Promise.resolve();
  }

  #install(): void {
    const { httpAdapter } = this.host;
    // Standalone applications and microservices have no adapter.
    if (!httpAdapter) return;
    hideInternalMessages();
    const app = httpAdapter.getInstance<object>();
    this.#integration = integrations.get(app);
    if (this.#integration === undefined) {
      const states = new HandlerStates(this.modules);
      const made =
        httpAdapter.getType() === 'fastify'
          ? new FastifyIntegration(app as FastifyApplication, httpAdapter as RouteInjector, states)
          : new ExpressIntegration(app as ExpressApplication, httpAdapter as MiddlewareBinder, states);
      this.#integration = made as unknown as Integration;
      integrations.set(app, this.#integration);
    }
    this.#integration.add(this.registration);
  }
}
