import { SessionMissingError } from '../session/session.errors.js';
import type { Session } from '../session/session.js';
import type { SessionCarrier } from './session-exchange.js';
import { EXCHANGE } from './session-exchange.js';

/**
 * The session of a request.
 * @returns `undefined` where the request has none: a route without sessions, or code that runs outside of the module's reach.
 * @throws SessionMissingError with `hydrate: 'interceptor'`, before the interceptor has run.
 */
export function sessionOfRequest(
  request: SessionCarrier,
  hydrate: 'request' | 'interceptor',
): Session | undefined {
  const exchange = request[EXCHANGE];
  if (exchange !== undefined) return exchange.session;
  if (hydrate === 'request') return undefined;
  throw new SessionMissingError(
    'request.session was read before it was loaded: hydrate is "interceptor", and middleware and guards run before interceptors. Set hydrate to "request" to have sessions there.',
  );
}

/** Defines `session` once for all requests of an application: a request that never looks pays nothing. */
export function defineSessionAccessor(prototype: object, hydrate: 'request' | 'interceptor'): void {
  Object.defineProperty(prototype, 'session', {
    configurable: true,
    enumerable: true,
    get(this: SessionCarrier) {
      return sessionOfRequest(this, hydrate);
    },
    set(this: object, value: unknown) {
      overrideSession(this, value);
    },
  });
}

/** Another session middleware, on a route of its own, may put its session on a request. */
export function overrideSession(request: object, value: unknown): void {
  Object.defineProperty(request, 'session', { configurable: true, enumerable: true, writable: true, value });
}
