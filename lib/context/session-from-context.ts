import type { ExecutionContext } from '@nestjs/common';
import { httpOfContext } from '../http/http-of-context.js';
import { SessionMissingError } from '../session/session.errors.js';
import type { SessionData } from '../session/session-data.js';
import type { Session } from '../session/session.js';

/**
 * The session of whatever a guard, interceptor or decorator is called for.
 * @throws SessionMissingError where there is none, with the reason.
 * @example
 * ```ts
 * canActivate(context: ExecutionContext) { return sessionFromContext<Shop>(context).userId !== undefined; }
 * ```
 */
export function sessionFromContext<T extends object = SessionData>(context: ExecutionContext): Session<T> {
  const request: { session?: Session<T> } | undefined = httpOfContext(context)?.request;
  const session = request?.session;
  if (session !== undefined) return session;
  throw new SessionMissingError(
    'There is no session here: the state of this route is "disabled", or RedisSessionModule is not imported by this application.',
  );
}
