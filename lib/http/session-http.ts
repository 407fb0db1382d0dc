import type { HttpAdapterHost } from '@nestjs/core';
import type { SessionState } from '../session/session-state.js';
import { ExpressIntegration, type ExpressApplication } from './express.integration.js';
import { FastifyIntegration, type FastifyApplication } from './fastify.integration.js';
import type { HttpIntegration } from './http-integration.js';
import type { SessionLifecycle } from './session-lifecycle.js';

/** The lifecycle on the platform that the application runs on. */
export class SessionHttp {
  #integration: HttpIntegration | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly lifecycle: SessionLifecycle,
    private readonly hydrate: 'request' | 'interceptor',
  ) {}

  /**
   * Installs the integration as soon as there is an application to install it on: a testing module makes it later than
   * its providers, a standalone application never.
   */
  installWhenReady(): void {
    this.host.init$.subscribe(() => this.#install());
  }

  /** Begins a session around a handler, in the state that its route asks for. */
  enter(request: object, response: object, state: SessionState | undefined): Promise<void> {
    return this.lifecycle.enter(this.#integration!.exchange(request, response), state);
  }

  #install(): void {
    const { httpAdapter } = this.host;
    const app: unknown = httpAdapter.getInstance();
    this.#integration =
      httpAdapter.getType() === 'fastify'
        ? new FastifyIntegration(app as FastifyApplication, this.lifecycle)
        : new ExpressIntegration(app as ExpressApplication, this.lifecycle);
    this.#integration.install(this.hydrate);
  }
}
