import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionRegistration } from '../request/session-registration.js';
import type { SessionRequest } from '../request/session-request.js';
import { SessionMissingError, SessionUsageError } from '../session/session.errors.js';
import type { Session } from '../session/session.js';
import { DeviceEndpoints } from './device-endpoints.js';
import { SessionRegistrations, type HttpRegistration } from './session-registrations.js';

/** Key of a request's session. */
export const SESSION_REQUEST: unique symbol = Symbol('nestjs-redis-session request');

/** Key of the integration that serves a request. */
export const SESSION_ROUTER: unique symbol = Symbol('nestjs-redis-session router');

/** Decides which registration serves a request. */
interface SessionRouter<Request> {
  registrationOf(request: Request): HttpRegistration | undefined;
  whyMissing(request: Request): SessionMissingError | undefined;
}

/** A request of Express or Fastify. */
export interface WithSession {
  [SESSION_REQUEST]?: SessionRequest | undefined;
  readonly [SESSION_ROUTER]?: SessionRouter<this>;
}

/** Gives the requests of one application their sessions, for all registrations of the module. */
export abstract class HttpIntegration<
  Request extends WithSession & { readonly method: string },
  Response,
> implements SessionRouter<Request> {
  readonly registrations = new SessionRegistrations();
  #devices: DeviceEndpoints | undefined;
  #loads = false;

  /** Adds a registration. In `request` mode its sessions are loaded before guards run. */
  add(registration: HttpRegistration): void {
    this.registrations.add(registration);
    const { devices } = registration.sessions;
    if (devices !== undefined) (this.#devices ??= new DeviceEndpoints()).add(registration, devices);
    if ((registration.hydrate === 'interceptor' && devices === undefined) || this.#loads) return;
    this.#loads = true;
    this.loadBeforeGuards();
  }

  /** Answers a request if a browser posts the proof of a device. @returns false if it is for the application */
  protected answersDevice(target: string, request: IncomingMessage, response: ServerResponse): boolean {
    return this.#devices?.answer(target, request, response) === true;
  }

  /** Returns the session of a request, and begins it on the first call. @returns `undefined` on routes without sessions */
  sessionOf(request: Request, response: Response): SessionRequest | undefined {
    const begun = request[SESSION_REQUEST];
    if (begun !== undefined) return begun.misrouted ? undefined : begun;
    const registration = this.registrationOf(request);
    return registration && this.#start(registration, request, response, false);
  }

  /** Returns the registration of a request's target, unless the router matched a route of another registration. */
  registrationOf(request: Request): HttpRegistration | undefined {
    const { registrations } = this;
    const found = registrations.ofTarget(request.method, this.targetOf(request));
    if (found === undefined || found === registrations.ofAllRoutes) return found;
    const patterns = this.patternsOf(request);
    if (patterns === undefined) return found;
    return registrations.ofRoute(request.method, patterns) === found ? found : undefined;
  }

  /** Explains why a request has no session. @returns `undefined` if no registration serves its path */
  whyMissing(request: Request): SessionMissingError | undefined {
    return this.registrations.whyMissing(request.method, this.targetOf(request), this.patternsOf(request));
  }

  protected begin(request: Request, response: Response): Promise<void> | undefined {
    const registration = this.registrationOf(request);
    if (registration?.hydrate !== 'request') return undefined;
    const disabled = this.leadsToDisabled(request, registration);
    const begun = this.#start(registration, request, response, disabled);
    if (disabled) {
      begun.skip();
      return undefined;
    }
    const untouching = this.untouching(request);
    if (untouching === undefined) begun.touch();
    else begun.deferTouch(untouching);
    return begun.begin();
  }

  #start(
    { sessions }: HttpRegistration,
    request: Request,
    response: Response,
    disabled: boolean,
  ): SessionRequest {
    return (request[SESSION_REQUEST] = this.newRequest(sessions, request, response, disabled));
  }

  protected abstract loadBeforeGuards(): void;
  /** The target of a request, as the client sent it. */
  protected abstract targetOf(request: Request): string;
  /** The patterns of the route that the router matched. @returns `undefined` on a 404, and before the router has run */
  protected abstract patternsOf(request: Request): readonly unknown[] | undefined;
  /** Whether the handler of a request is known to be of state `disabled`, so that no session need be loaded. */
  protected abstract leadsToDisabled(request: Request, registration: HttpRegistration): boolean;
  /**
   * Whether a request may lead to a handler that does not touch the session.
   * @returns `undefined` if it does not; otherwise a function that tells, when the request ends, whether it did
   */
  protected abstract untouching(request: Request): (() => boolean) | undefined;
  protected abstract newRequest(
    sessions: SessionRegistration,
    request: Request,
    response: Response,
    disabled: boolean,
  ): SessionRequest;
}

/** Returns the registration that serves a request. Its session need not be loaded yet. */
export function registrationOf(request: WithSession): SessionRegistration | undefined {
  const begun = request[SESSION_REQUEST];
  if (begun !== undefined) return begun.misrouted ? undefined : begun.registration;
  return request[SESSION_ROUTER]?.registrationOf(request)?.sessions;
}

interface Accessor<Request> {
  getter: (this: Request) => Session | undefined;
  setter: (this: Request, value: unknown) => void;
}

/**
 * Makes the accessor `request.session`. All requests of an application share it, so a request that never reads it costs
 * nothing. It returns `undefined` on routes without sessions and before the session is loaded.
 * @param find returns the registration of a request whose session has not begun
 */
export function sessionAccessor<Request extends WithSession>(
  find: (request: Request) => HttpRegistration | undefined,
): Accessor<Request> {
  return {
    getter() {
      const begun = this[SESSION_REQUEST];
      if (begun !== undefined) return begun.session;
      assertNoInterceptor(find(this));
      return undefined;
    },
    setter(value) {
      const begun = this[SESSION_REQUEST];
      if (begun !== undefined && !begun.disabled) return begun.replaceSession(value);
      if (begun === undefined) assertNoInterceptor(find(this));
      setOwn(this, 'session', value);
    },
  };
}

/** The accessor `request.sessionID`, which middleware for express-session reads. */
export const sessionIdAccessor = {
  getter(this: { readonly session?: Session }): string | undefined {
    return this.session?.id;
  },
  /** @throws SessionUsageError if the request has a session of this module */
  setter(this: WithSession, value: unknown): void {
    const begun = this[SESSION_REQUEST];
    if (begun === undefined || begun.disabled) return setOwn(this, 'sessionID', value);
    throw new SessionUsageError(
      'request.sessionID cannot be set; call request.session.regenerate() for a new id.',
    );
  },
};

// On a route without sessions of this module, another session middleware may set its own.
function setOwn(request: object, name: string, value: unknown): void {
  Object.defineProperty(request, name, { configurable: true, enumerable: true, writable: true, value });
}

function assertNoInterceptor(registration: HttpRegistration | undefined): void {
  if (registration?.hydrate !== 'interceptor') return;
  throw new SessionMissingError(
    'request.session was used before it was loaded: hydrate is "interceptor", and middleware and guards run before interceptors. Set hydrate to "request" to have sessions there.',
  );
}
