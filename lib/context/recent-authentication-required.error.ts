import { HttpException } from '@nestjs/common';
import {
  RECENT_AUTHENTICATION_REQUIRED,
  recentAuthenticationMessage,
} from '../session/recent-authentication.js';

/**
 * The user of the session must authenticate again: `@RequireRecentAuthentication()` refused the request. HTTP 401. The body
 * has the `code` and `maxAge`, so it is an `HttpException` and not a `SessionError`.
 *
 * @example { "statusCode": 401, "code": "SESSION_RECENT_AUTHENTICATION_REQUIRED", "maxAge": 300, "message": "…" }
 */
export class RecentAuthenticationRequiredError extends HttpException {
  readonly code = RECENT_AUTHENTICATION_REQUIRED;
  readonly statusCode = 401;
  /** What GraphQL gives clients. */
  readonly extensions: { readonly code: string; readonly maxAge: number };
  constructor(
    /** How long ago the authentication may be. Seconds. */
    readonly maxAge: number,
  ) {
    const message = recentAuthenticationMessage(maxAge);
    super(
      { statusCode: 401, message, error: 'Unauthorized', code: RECENT_AUTHENTICATION_REQUIRED, maxAge },
      401,
    );
    this.extensions = { code: this.code, maxAge };
  }
}
