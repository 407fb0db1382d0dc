import { SessionMissingError } from '../session/session.errors.js';
import { isBelow, lenientPathOf, pathOf } from './request-target.js';
import { called, type SessionRegistrations } from './session-registrations.js';

/**
 * Why a request that the registrations give no session has none.
 * @param patterns of the route that the router matched
 * @returns `undefined` if no registration is for it, or the state of its route is `disabled`
 */
export function whyMissing(
  registrations: SessionRegistrations,
  method: string,
  target: string,
  patterns: readonly unknown[] | undefined,
): SessionMissingError | undefined {
  const byTarget = registrations.ofTarget(method, target);
  if (byTarget === undefined) return ofTarget(registrations, method, target);
  if (patterns === undefined) return undefined;
  const byRoute = registrations.ofRoute(method, patterns);
  if (byRoute === byTarget) return undefined;
  return new SessionMissingError(
    `There is no session here: the path of this request belongs to the registration ${called(byTarget.sessions)} of RedisSessionModule, and the route that answers it (${patterns.join(', ')}) ${byRoute === undefined ? 'to none' : `to the one ${called(byRoute.sessions)}`}. A route belongs to the registration whose forRoutes its pattern begins with.`,
    400,
  );
}

function ofTarget(
  registrations: SessionRegistrations,
  method: string,
  target: string,
): SessionMissingError | undefined {
  const path = pathOf(target);
  const lenient = path && lenientPathOf(path);
  const found = path && registrations.serving(method, path);
  if (path === undefined || lenient === undefined || registrations.serving(method, lenient) !== found)
    return new SessionMissingError(
      'There is no session here: the target of this request can be read in more than one way. An absolute form, a fragment, a backslash, dot segments, and escapes, doubled slashes or semicolons that could hide a route of another registration of RedisSessionModule get none.',
      400,
    );
  if (found === undefined || isBelow(path, found.sessions.resolver.path)) return undefined;
  return new SessionMissingError(
    `There is no session here: the path of this request is outside of ${JSON.stringify(found.sessions.resolver.path)}, the cookie.path of the registration ${called(found.sessions)} of RedisSessionModule. Browsers send the cookie to paths below it only.`,
  );
}
