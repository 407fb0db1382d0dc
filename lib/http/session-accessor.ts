import { SessionMissingError, SessionUsageError } from '../session/session.errors.js';
import type { Session } from '../session/session.js';
import type { SessionRegistration } from '../request/session-registration.js';
import type { SessionRequest } from '../request/session-request.js';
import type { HttpRegistration } from './session-registrations.js';

/** Where a platform's request keeps its session. */
export const SESSION_REQUEST: unique symbol = Symbol('nestjs-redis-session request');

/** Where a platform's request keeps who decides whose session it has. */
export const SESSION_ROUTER: unique symbol = Symbol('nestjs-redis-session router');

/** Decides whose session a request has. */
export interface SessionRouter<Request> {
  registrationOf(request: Request): HttpRegistration | undefined;
  /** Why a request has no session. @returns `undefined` if no registration is for it */
  whyMissing(request: Request): SessionMissingError | undefined;
}

/** A platform's request that may have a session. */
export interface WithSession {
  [SESSION_REQUEST]?: SessionRequest | undefined;
  readonly [SESSION_ROUTER]?: SessionRouter<this>;
}

/** The registration whose session a request has, whether or not it is loaded yet. */
export function registrationOf(request: WithSession): SessionRegistration | undefined {
  const begun = request[SESSION_REQUEST];
  if (begun !== undefined) return begun.misrouted ? undefined : begun.registration;
  return request[SESSION_ROUTER]?.registrationOf(request)?.sessions;
}

/** Finds the registration of a request for which no session was begun. */
type FindRegistration<Request> = (request: Request) => HttpRegistration | undefined;

interface Accessor<Request> {
  getter: (this: Request) => Session | undefined;
  setter: (this: Request, value: unknown) => void;
}

/**
 * `request.session`, defined once for all requests of an application: one that never looks pays nothing. It is
 * `undefined` where a request has none: on a route without sessions, and in code that runs before they are loaded.
 */
export function sessionAccessor<Request extends WithSession>(
  find: FindRegistration<Request>,
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

// Another session middleware, on a route that has no session of ours, puts its own on the request.
function setOwn(request: object, name: string, value: unknown): void {
  Object.defineProperty(request, name, { configurable: true, enumerable: true, writable: true, value });
}

function assertNoInterceptor(registration: HttpRegistration | undefined): void {
  if (registration?.hydrate !== 'interceptor') return;
  throw new SessionMissingError(
    'request.session was used before it was loaded: hydrate is "interceptor", and middleware and guards run before interceptors. Set hydrate to "request" to have sessions there.',
  );
}

/** Defines `session` on the prototype of requests. */
export function defineSessionAccessor<Request extends WithSession>(
  prototype: object,
  router: SessionRouter<Request>,
): void {
  const { getter, setter } = sessionAccessor<Request>((request) => router.registrationOf(request));
  Object.defineProperty(prototype, SESSION_ROUTER, { value: router });
  Object.defineProperty(prototype, 'session', {
    configurable: true,
    enumerable: true,
    get: getter,
    set: setter,
  });
  Object.defineProperty(prototype, 'sessionID', {
    configurable: true,
    enumerable: true,
    get: sessionIdOf,
    set: setSessionId,
  });
}

/** `request.sessionID`, which express-session's companions ask for. */
export function sessionIdOf(this: { readonly session?: Session }): string | undefined {
  return this.session?.id;
}

/** @throws SessionUsageError unless the request has no session of ours */
export function setSessionId(this: WithSession, value: unknown): void {
  const begun = this[SESSION_REQUEST];
  if (begun === undefined || begun.disabled) return setOwn(this, 'sessionID', value);
  throw new SessionUsageError(
    'request.sessionID cannot be set; call request.session.regenerate() for a new id.',
  );
}
