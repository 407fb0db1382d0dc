import { SessionMissingError } from '../session/session.errors.js';
import type { Session } from '../session/session.js';
import { EXCHANGE, type SessionCarrier } from './session-exchange.js';
import type { SessionRegistration } from './session-registrations.js';

/** Who serves a request that nobody has begun a session for. */
type FindRegistration<Request> = (request: Request) => SessionRegistration | undefined;

interface Accessor<Request> {
  getter: (this: Request) => Session | undefined;
  setter: (this: Request, value: unknown) => void;
}

/**
 * `request.session`, defined once for all requests of an application: one that never looks pays nothing. It is
 * `undefined` where a request has none: on a route without sessions, and in code that runs before they are loaded.
 */
export function sessionAccessor<Request extends SessionCarrier>(
  registrationOf: FindRegistration<Request>,
): Accessor<Request> {
  return {
    getter() {
      const exchange = this[EXCHANGE];
      if (exchange !== undefined) return exchange.session;
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
export function defineSessionAccessor<Request extends SessionCarrier>(
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
