import { SessionMissingError, SessionOptionsError } from '../session/session.errors.js';
import type { SessionRegistration } from '../request/session-registration.js';
import { isBelow, lenientPathOf, pathOf, withLetters } from './request-target.js';
import { routeFilter, type RouteFilter, type SessionRoutes } from './route-filter.js';

/** A registration, its routes, and when their sessions are loaded. */
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
 * The registrations of one application. A request belongs to a registration only if both its target and the route that the
 * router matched belong to it. If the two differ, the request has no session.
 */
export class SessionRegistrations {
  #all: Served[] = [];

  /** @throws SessionOptionsError if the registration conflicts with another one */
  add(registration: HttpRegistration): void {
    const faults = this.#all.flatMap((other) => conflicts(registration, other.registration));
    if (faults.length > 0) throw new SessionOptionsError(faults);
    this.#all.push({ registration, serves: routeFilter(registration.routes) });
    // A registration with forRoutes comes before one that serves the rest, in whichever order the module is imported.
    this.#all.sort((a, b) => rank(a.registration) - rank(b.registration));
  }

  /** The names of all registrations. */
  get names(): readonly (string | undefined)[] {
    return this.#all.map(({ registration }) => registration.sessions.name);
  }

  /** The registration that serves every route. @returns `undefined` if routes must be told apart */
  get ofAllRoutes(): HttpRegistration | undefined {
    const first = this.#all[0];
    return first?.serves === undefined ? first?.registration : undefined;
  }

  /** Returns the registration of a target. Before the router has run, and on a 404, only the target is known. */
  ofTarget(method: string, target: string): HttpRegistration | undefined {
    const all = this.ofAllRoutes;
    if (all?.sessions.resolver.path === '/') return all;
    const path = pathOf(target);
    const lenient = path && lenientPathOf(path);
    if (path === undefined || lenient === undefined) return undefined;
    const found = this.#serving(method, path);
    if (found === undefined || !isBelow(path, found.sessions.resolver.path)) return undefined;
    return lenient === path || this.#serving(method, lenient) === found ? found : undefined;
  }

  /**
   * Returns the registration of a route. Its handlers never see sessions of another registration. The text of the pattern
   * is compared, so a parameter (`:id`) matches no literal path segment of `forRoutes`.
   * @param patterns the patterns of the route; usually one
   * @returns `undefined` if the patterns belong to several registrations, or a pattern is not a string
   */
  ofRoute(method: string, patterns: readonly unknown[]): HttpRegistration | undefined {
    const all = this.ofAllRoutes;
    if (all !== undefined) return all;
    const [first, ...others] = patterns.map((pattern) => this.#ofPattern(method, pattern));
    return others.every((other) => other === first) ? first : undefined;
  }

  #ofPattern(method: string, pattern: unknown): HttpRegistration | undefined {
    return typeof pattern === 'string' ? this.#serving(method, withLetters(pattern)) : undefined;
  }

  #serving(method: string, path: string): HttpRegistration | undefined {
    return this.#all.find(({ serves }) => serves === undefined || serves(method, path))?.registration;
  }

  /**
   * Explains why a request has no session.
   * @param patterns the patterns of the route that the router matched
   * @returns `undefined` if no registration serves the path, or the state of the route is `disabled`
   */
  whyMissing(
    method: string,
    target: string,
    patterns: readonly unknown[] | undefined,
  ): SessionMissingError | undefined {
    const byTarget = this.ofTarget(method, target);
    if (byTarget === undefined) return this.#whyNotServed(method, target);
    if (patterns === undefined) return undefined;
    const byRoute = this.ofRoute(method, patterns);
    if (byRoute === byTarget) return undefined;
    return new SessionMissingError(
      `There is no session here: the path of this request belongs to the registration ${called(byTarget.sessions)} of RedisSessionModule, but the route that answers it (${patterns.join(', ')}) belongs to ${byRoute === undefined ? 'no registration' : `the registration ${called(byRoute.sessions)}`}. A route belongs to the registration whose forRoutes its pattern begins with.`,
      400,
    );
  }

  #whyNotServed(method: string, target: string): SessionMissingError | undefined {
    const path = pathOf(target);
    const lenient = path && lenientPathOf(path);
    const found = path && this.#serving(method, path);
    if (path === undefined || lenient === undefined || this.#serving(method, lenient) !== found)
      return new SessionMissingError(
        'There is no session here: the target of this request is ambiguous. A request gets no session if its target is in absolute form or contains a fragment, a backslash, dot segments, or escapes, doubled slashes or semicolons that could hide a route of another registration of RedisSessionModule.',
        400,
      );
    if (found === undefined || isBelow(path, found.sessions.resolver.path)) return undefined;
    return new SessionMissingError(
      `There is no session here: the path of this request is not below ${JSON.stringify(found.sessions.resolver.path)}, the cookie.path of the registration ${called(found.sessions)} of RedisSessionModule. Browsers send the cookie only to paths below it.`,
    );
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
      `${names} both serve all routes, but a request has only one session. Set forRoutes or exclude for one of them.`,
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

/** Returns the name of a registration for a message. */
export function called({ name }: { readonly name: string | undefined }): string {
  return name === undefined ? 'without a name' : JSON.stringify(name);
}
