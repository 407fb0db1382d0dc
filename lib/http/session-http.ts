import type { OnModuleInit } from '@nestjs/common';
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { SessionOptionsError } from '../session/session.errors.js';
import type { SessionState } from '../session/session-state.js';
import { ExpressIntegration, type ExpressApplication } from './express.integration.js';
import { FastifyIntegration, type FastifyApplication } from './fastify.integration.js';
import type { HttpIntegration } from './http-integration.js';
import { hideInternalMessages } from './internal-messages.js';
import type { WithSession } from './session-accessor.js';
import type { HttpRegistration } from './session-registrations.js';
import { unknownRegistrations } from './used-registrations.js';

type Request = WithSession & { readonly method: string };
type Integration = HttpIntegration<Request, object>;

// One for all registrations of an application.
const integrations = new WeakMap<object, Integration>();

/** A registration of the module on the platform that the application runs on. */
export class SessionHttp implements OnModuleInit {
  #integration: Integration | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly registration: HttpRegistration,
    private readonly modules: ModulesContainer,
  ) {}

  /** @throws SessionOptionsError if `@UseSession` names a registration that the application does not have */
  onModuleInit(): void {
    if (this.#integration === undefined) return;
    const faults = unknownRegistrations(this.modules, this.#integration.registrations.names);
    if (faults.length > 0) throw new SessionOptionsError(faults);
  }

  /**
   * Installs the integration as soon as there is an application to install it on; a testing module makes it later than its
   * providers.
   */
  installWhenReady(): void {
    // At once where that is possible: what is thrown in a subscription is thrown at nobody.
    if (this.host.httpAdapter) this.#install();
    else this.host.init$.subscribe(() => this.#install());
  }

  /** Begins a session around a handler, in the state that its route asks for. */
  enter(request: object, response: object, state: SessionState | undefined): Promise<void> {
    return this.#integration!.sessionOf(request as Request, response)?.enter(state) ?? Promise.resolve();
  }

  #install(): void {
    const { httpAdapter } = this.host;
    // A standalone application and a microservice have none.
    if (!httpAdapter) return;
    hideInternalMessages();
    const app = httpAdapter.getInstance<object>();
    this.#integration = integrations.get(app);
    if (this.#integration === undefined) {
      const made =
        httpAdapter.getType() === 'fastify'
          ? new FastifyIntegration(app as FastifyApplication)
          : new ExpressIntegration(app as ExpressApplication, httpAdapter);
      this.#integration = made as unknown as Integration;
      integrations.set(app, this.#integration);
    }
    this.#integration.add(this.registration);
  }
}
