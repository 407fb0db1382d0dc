import type { SessionRegistration } from '../request/session-registration.js';
import type { SessionRequest } from '../request/session-request.js';
import { SESSION_REQUEST, type WithSession } from './session-accessor.js';
import { SessionRegistrations, type HttpRegistration } from './session-registrations.js';

/** What a platform does for sessions, for all registrations of an application. */
export abstract class HttpIntegration<Request extends WithSession, Response> {
  protected readonly registrations = new SessionRegistrations();
  #loads = false;

  /** Makes `request.session` work on the registration's routes; in `request` mode the session is loaded before guards. */
  add(registration: HttpRegistration): void {
    this.registrations.add(registration);
    if (registration.hydrate === 'interceptor' || this.#loads) return;
    this.#loads = true;
    this.loadBeforeGuards();
  }

  /** The session of a request; made the first time. @returns `undefined` on a route without sessions. */
  sessionOf(request: Request, response: Response): SessionRequest | undefined {
    if (request[SESSION_REQUEST] !== undefined) return request[SESSION_REQUEST];
    const registration = this.registrationOf(request);
    return registration && this.#start(registration, request, response);
  }

  protected begin(request: Request, response: Response): Promise<void> | undefined {
    const registration = this.registrationOf(request);
    return registration?.hydrate === 'request'
      ? this.#start(registration, request, response).begin()
      : undefined;
  }

  #start({ sessions }: HttpRegistration, request: Request, response: Response): SessionRequest {
    return (request[SESSION_REQUEST] = this.newRequest(sessions, request, response));
  }

  protected abstract loadBeforeGuards(): void;
  protected abstract registrationOf(request: Request): HttpRegistration | undefined;
  protected abstract newRequest(
    sessions: SessionRegistration,
    request: Request,
    response: Response,
  ): SessionRequest;
}
