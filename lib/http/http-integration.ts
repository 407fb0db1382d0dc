import { EXCHANGE, type SessionCarrier, type SessionExchange } from './session-exchange.js';
import type { SessionLifecycle } from './session-lifecycle.js';
import { SessionRegistrations, type SessionRegistration } from './session-registrations.js';

/** What a platform does for sessions, for all registrations of an application. */
export abstract class HttpIntegration<Request extends SessionCarrier, Response> {
  protected readonly registrations = new SessionRegistrations();
  #loads = false;

  /** Makes `request.session` work on the registration's routes; in `request` mode the session is loaded before guards. */
  add(registration: SessionRegistration): void {
    this.registrations.add(registration);
    if (registration.hydrate === 'interceptor' || this.#loads) return;
    this.#loads = true;
    this.loadBeforeGuards();
  }

  /** The exchange of a request; made the first time. `undefined` on a route without sessions. */
  exchange(request: Request, response: Response): SessionExchange | undefined {
    if (request[EXCHANGE] !== undefined) return request[EXCHANGE];
    const registration = this.registrationOf(request);
    return registration && (request[EXCHANGE] = this.newExchange(registration.lifecycle, request, response));
  }

  protected begin(request: Request, response: Response): Promise<void> | undefined {
    const registration = this.registrationOf(request);
    if (registration?.hydrate !== 'request') return undefined;
    const { lifecycle } = registration;
    return lifecycle.begin((request[EXCHANGE] = this.newExchange(lifecycle, request, response)));
  }

  protected abstract loadBeforeGuards(): void;
  protected abstract registrationOf(request: Request): SessionRegistration | undefined;
  protected abstract newExchange(
    lifecycle: SessionLifecycle,
    request: Request,
    response: Response,
  ): SessionExchange;
}
