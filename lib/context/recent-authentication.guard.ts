import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SESSION_REQUEST } from '../http/http-integration.js';
import { RECENT_AUTHENTICATION } from '../request/decorator-metadata.js';
import { SessionRequest } from '../request/session-request.js';
import { isRecentlyAuthenticated } from '../session/recent-authentication.js';
import { RecentAuthenticationRequiredError } from './recent-authentication-required.error.js';
import { sessionFromContext } from './session.decorator.js';
import { sessionSourceOf } from './session-source.js';

/** Refuses what `@RequireRecentAuthentication()` says. Reads only the session that the request has loaded. */
@Injectable()
export class RecentAuthenticationGuard implements CanActivate {
  readonly #reflector = new Reflector();

  /** @throws RecentAuthenticationRequiredError. SessionMissingError if there is no session. */
  canActivate(context: ExecutionContext): boolean {
    const places = [context.getHandler(), context.getClass()];
    const seconds = this.#reflector.getAllAndOverride<number>(RECENT_AUTHENTICATION, places);
    if (isRecentlyAuthenticated(sessionFromContext(context), seconds)) return true;
    challenge(context, seconds);
    throw new RecentAuthenticationRequiredError(seconds);
  }
}

// RFC 9470, 3. It defines these parameters for the schemes of OAuth. A cookie has no registered scheme; clients ignore one
// that they do not know.
function challenge(context: ExecutionContext, seconds: number): void {
  const source = sessionSourceOf(context);
  const request = source instanceof SessionRequest ? source : source?.[SESSION_REQUEST];
  const scheme = request?.registration.resolver.scheme ?? 'Session';
  request?.answer?.setHeader(
    'www-authenticate',
    `${scheme} error="insufficient_user_authentication", error_description="A more recent authentication is required", max_age="${seconds}"`,
  );
}
