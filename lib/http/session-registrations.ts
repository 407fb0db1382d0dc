import { SessionOptionsError } from '../session/session.errors.js';
import type { SessionRegistration } from '../request/session-registration.js';
import { isBelow, lenientPathOf, pathOf, withLetters } from './request-target.js';
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

/**
 * The registrations of one application. A request belongs to one of them at most: the one that both its target and the
 * route that the router matched belong to. A request of which the two say different things has no session.
 */
export class SessionRegistrations {
  #all: Served[] = [];

  /** @throws SessionOptionsError if two registrations could not be told apart. */
  add(registration: HttpRegistration): void {
    const faults = this.#all.flatMap((other) => conflicts(registration, other.registration));
    if (faults.length > 0) throw new SessionOptionsError(faults);
    this.#all.push({ registration, serves: routeFilter(registration.routes) });
    // Whoever names its routes comes before one that takes all others, in whichever order they were imported.
    this.#all.sort((a, b) => rank(a.registration) - rank(b.registration));
  }

  /** The names of all registrations. */
  get names(): readonly (string | undefined)[] {
    return this.#all.map(({ registration }) => registration.sessions.name);
  }

  /** The registration that serves every route. There is nothing to tell apart then. */
  get ofAllRoutes(): HttpRegistration | undefined {
    const first = this.#all[0];
    return first?.serves === undefined ? first?.registration : undefined;
  }

  /** The registration of a target: all that is known before the router has matched, and of a 404. */
  ofTarget(method: string, target: string): HttpRegistration | undefined {
    const all = this.ofAllRoutes;
    if (all?.sessions.resolver.path === '/') return all;
    const path = pathOf(target);
    const lenient = path && lenientPathOf(path);
    if (path === undefined || lenient === undefined) return undefined;
    const found = this.serving(method, path);
    if (found === undefined || !isBelow(path, found.sessions.resolver.path)) return undefined;
    return lenient === path || this.serving(method, lenient) === found ? found : undefined;
  }

  /**
   * The registration of a route: its handlers never see another's sessions, whichever request reaches them. It goes by
   * the text of the pattern, in which a parameter matches no word of `forRoutes`.
   * @param patterns of the route; mostly one
   * @returns `undefined` for patterns of several registrations and for one that is no text
   */
  ofRoute(method: string, patterns: readonly unknown[]): HttpRegistration | undefined {
    const all = this.ofAllRoutes;
    if (all !== undefined) return all;
    const [first, ...others] = patterns.map((pattern) => this.#ofPattern(method, pattern));
    return others.every((other) => other === first) ? first : undefined;
  }

  #ofPattern(method: string, pattern: unknown): HttpRegistration | undefined {
    return typeof pattern === 'string' ? this.serving(method, withLetters(pattern)) : undefined;
  }

  /** The registration of a path, or of the text of a pattern. */
  serving(method: string, path: string): HttpRegistration | undefined {
    return this.#all.find(({ serves }) => serves === undefined || serves(method, path))?.registration;
  }
}

function rank({ routes }: HttpRegistration): number {
  if (routes.forRoutes !== undefined) return 0;
  return routes.exclude === undefined || routes.exclude.length === 0 ? 2 : 1;
}

function conflicts(one: HttpRegistration, other: HttpRegistration): string[] {
  const names = `The registrations ${called(other.sessions)} and ${called(one.sessions)} of RedisSessionModule`;
  if (one.sessions.name === other.sessions.name) return [importedTwice(one.sessions)];
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

function importedTwice(sessions: SessionRegistration): string {
  const { name } = sessions;
  if (name !== undefined)
    return `RedisSessionModule is imported twice with the name ${called({ name })}. Choose another name for one of them.`;
  return 'RedisSessionModule is imported twice without a name. Import it once, in the root module: it is global. If the application has two kinds of sessions, give one of the imports a name.';
}

/** How messages name a registration. */
export function called({ name }: { readonly name: string | undefined }): string {
  return name === undefined ? 'without a name' : JSON.stringify(name);
}
