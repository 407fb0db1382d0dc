import { SessionOptionsError } from '../session/session.errors.js';
import type { SessionRegistration } from '../request/session-registration.js';
import { routeFilter, type RouteFilter, type SessionRoutes } from './session-routes.js';

/** A registration, the routes that it is for, and when their sessions are loaded. */
export interface HttpRegistration {
  readonly sessions: SessionRegistration;
  readonly hydrate: 'request' | 'interceptor';
  readonly routes: SessionRoutes;
}

interface Served {
  readonly registration: HttpRegistration;
  readonly serves: RouteFilter | undefined;
}

/** The registrations of one application. A request belongs to one of them at most. */
export class SessionRegistrations {
  #all: Served[] = [];

  /** @throws SessionOptionsError where two registrations could not be told apart. */
  add(registration: HttpRegistration): void {
    const faults = this.#all.flatMap((other) => conflicts(registration, other.registration));
    if (faults.length > 0) throw new SessionOptionsError(faults);
    this.#all.push({ registration, serves: routeFilter(registration.routes) });
    // Whoever names its routes comes before one that takes all others, in whichever order they were imported.
    this.#all.sort((a, b) => rank(a.registration) - rank(b.registration));
  }

  /** The registration whose session a request has. */
  find(method: string, url: string): HttpRegistration | undefined {
    const first = this.#all[0]!;
    if (first.serves === undefined) return first.registration;
    return this.#all.find(({ serves }) => serves === undefined || serves(method, url))?.registration;
  }
}

function rank({ routes }: HttpRegistration): number {
  if (routes.forRoutes !== undefined) return 0;
  return routes.exclude === undefined ? 2 : 1;
}

function conflicts(one: HttpRegistration, other: HttpRegistration): string[] {
  const names = `The registrations ${called(other)} and ${called(one)} of RedisSessionModule`;
  const faults: string[] = [];
  if (rank(one) === 2 && rank(other) === 2)
    faults.push(
      `${names} both serve all routes; a request has one session. Give one of them forRoutes or exclude.`,
    );
  if (one.sessions.resolver.transport === other.sessions.resolver.transport)
    faults.push(
      `${names} both use the ${one.sessions.resolver.transport}; each would reject the other's sessions. Set cookie.name for one of them.`,
    );
  return faults;
}

function called({ sessions: { name } }: HttpRegistration): string {
  return name === undefined ? 'without a name' : JSON.stringify(name);
}
