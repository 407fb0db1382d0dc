import type { SessionRegistration } from '../request/session-registration.js';
import type { SessionRequest } from '../request/session-request.js';
import type { SessionMissingError } from '../session/session.errors.js';
import { SESSION_REQUEST, type SessionRouter, type WithSession } from './session-accessor.js';
import { SessionRegistrations, type HttpRegistration } from './session-registrations.js';
import { whyMissing } from './why-missing.js';

/** What a platform does for sessions, for all registrations of an application. */
export abstract class HttpIntegration<
  Request extends WithSession & { readonly method: string },
  Response,
> implements SessionRouter<Request> {
  readonly registrations = new SessionRegistrations();
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
    const begun = request[SESSION_REQUEST];
    if (begun !== undefined) return begun.misrouted ? undefined : begun;
    const registration = this.registrationOf(request);
    return registration && this.#start(registration, request, response);
  }

  /** The registration whose session a request has: that of its target, if the router led it to a route of the same. */
  registrationOf(request: Request): HttpRegistration | undefined {
    const { registrations } = this;
    const found = registrations.ofTarget(request.method, this.targetOf(request));
    if (found === undefined || found === registrations.ofAllRoutes) return found;
    const patterns = this.patternsOf(request);
    if (patterns === undefined) return found;
    return registrations.ofRoute(request.method, patterns) === found ? found : undefined;
  }

  whyMissing(request: Request): SessionMissingError | undefined {
    const { registrations } = this;
    return whyMissing(registrations, request.method, this.targetOf(request), this.patternsOf(request));
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
  /** The target of a request, as the client sent it. */
  protected abstract targetOf(request: Request): string;
  /** The patterns of the route that the router has matched. @returns `undefined` if there is none: not yet, or a 404 */
  protected abstract patternsOf(request: Request): readonly unknown[] | undefined;
  protected abstract newRequest(
    sessions: SessionRegistration,
    request: Request,
    response: Response,
  ): SessionRequest;
}
