import type { ExecutionContext } from '@nestjs/common';
import { httpOfContext } from '../http/http-of-context.js';
import { SessionRequest } from '../request/session-request.js';
import { SessionMissingError } from '../session/session.errors.js';
import type { SessionData } from '../session/session-data.js';
import type { Session } from '../session/session.js';

const noSession =
  'There is no session here: the state of this route is "disabled", its path is none that RedisSessionModule is registered for (forRoutes, exclude), or the module is not imported by this application.';

const reasons: Readonly<Record<string, string>> = {
  http: noSession,
  graphql: noSession,
  ws: 'There is no session here: the gateway lacks @GatewaySession(), or this guard runs before the one that it brings. Write @GatewaySession() right above the class.',
};

/**
 * The session of whatever a guard, interceptor or decorator is called for.
 * @throws SessionMissingError where there is none, with the reason.
 * @example
 * ```ts
 * canActivate(context: ExecutionContext) { return sessionFromContext<Shop>(context).userId !== undefined; }
 * ```
 */
export function sessionFromContext<T extends object = SessionData>(context: ExecutionContext): Session<T> {
  const request: { session?: unknown } | undefined =
    context.getType() === 'ws' ? requestOfMessage(context) : httpOfContext(context)?.request;
  const session = request?.session;
  if (session !== undefined) return session as Session<T>;
  throw new SessionMissingError(
    reasons[context.getType<string>()] ?? 'There are no sessions in this context.',
  );
}

// @GatewaySession() puts the session request of a message among its arguments: nothing else of it is the same everywhere.
function requestOfMessage(context: ExecutionContext): SessionRequest | undefined {
  return context.getArgs<unknown[]>().find((arg) => arg instanceof SessionRequest);
}
