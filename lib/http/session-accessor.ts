import { SessionMissingError } from '../session/session.errors.js';
import type { Session } from '../session/session.js';
import type { SessionRequest } from '../request/session-request.js';
import type { HttpRegistration } from './session-registrations.js';

/** Where a platform's request keeps its session. */
export const SESSION_REQUEST: unique symbol = Symbol('nestjs-redis-session request');

/** A platform's request that may have a session. */
export interface WithSession {
  [SESSION_REQUEST]?: SessionRequest | undefined;
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
  registrationOf: FindRegistration<Request>,
): Accessor<Request> {
  return {
    getter() {
      const begun = this[SESSION_REQUEST];
      if (begun !== undefined) return begun.session;
      if (registrationOf(this)?.hydrate !== 'interceptor') return undefined;
      throw new SessionMissingError(
        'request.session was read before it was loaded: hydrate is "interceptor", and middleware and guards run before interceptors. Set hydrate to "request" to have sessions there.',
      );
    },
    // Another session middleware, on a route of its own, may put its session on a request.
    setter(value) {
      Object.defineProperty(this, 'session', {
        configurable: true,
        enumerable: true,
        writable: true,
        value,
      });
    },
  };
}

/** Defines `session` on the prototype of requests. */
export function defineSessionAccessor<Request extends WithSession>(
  prototype: object,
  registrationOf: FindRegistration<Request>,
): void {
  const { getter, setter } = sessionAccessor(registrationOf);
  Object.defineProperty(prototype, 'session', {
    configurable: true,
    enumerable: true,
    get: getter,
    set: setter,
  });
  Object.defineProperty(prototype, 'sessionID', { configurable: true, enumerable: true, get: sessionIdOf });
}

/** `request.sessionID`, which express-session's companions ask for. */
export function sessionIdOf(this: { readonly session?: Session }): string | undefined {
  return this.session?.id;
}
