import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { RECENT_AUTHENTICATION } from '../request/decorator-metadata.js';
import { SessionOptionsError } from '../session/session.errors.js';
import { RecentAuthenticationGuard } from './recent-authentication.guard.js';

/** What `@RequireRecentAuthentication()` requires. */
export interface RecentAuthenticationOptions {
  /** How long ago the user may have authenticated. Whole seconds, at least 1. */
  seconds: number;
}

/**
 * Lets a request or message pass only if the user of its session authenticated in the last `seconds`
 * (`session.authenticatedAt`; OWASP ASVS 5.0 V7.5.1, V7.5.3). Others get a 401 with `WWW-Authenticate`
 * (`error="insufficient_user_authentication"`, `max_age`, RFC 9470) and a body with `code` and `maxAge`: ask for the
 * password, call `session.rotate({ authenticated: true })` and let the client try again.
 *
 * For a handler, or every handler of a controller, resolver or gateway; the handler's decorator overrides the class's. It
 * reads only the session that the request has loaded. Without one, and with a session that a failed store could not load,
 * nothing passes. It needs `hydrate: 'request'`.
 *
 * @throws SessionOptionsError if `seconds` is not a whole number from 1
 * @example
 * ```ts
 * @Post('checkout') @RequireRecentAuthentication({ seconds: 300 }) checkout() { … }
 * ```
 */
export function RequireRecentAuthentication(
  options: RecentAuthenticationOptions,
): MethodDecorator & ClassDecorator {
  const { seconds } = options ?? {};
  if (!Number.isSafeInteger(seconds) || seconds < 1)
    throw new SessionOptionsError([
      `@RequireRecentAuthentication: seconds is ${String(seconds)}; expected an integer from 1. Write { seconds: 300 } for five minutes.`,
    ]);
  return applyDecorators(SetMetadata(RECENT_AUTHENTICATION, seconds), UseGuards(RecentAuthenticationGuard));
}
