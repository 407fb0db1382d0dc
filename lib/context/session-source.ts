import type { ExecutionContext } from '@nestjs/common';
import { httpOfContext } from '../http/http-of-context.js';
import { registrationOf, SESSION_ROUTER, type WithSession } from '../http/session-accessor.js';
import { called } from '../http/session-registrations.js';
import { usedRegistration } from '../http/used-registrations.js';
import { GATEWAY_SESSION } from '../request/gateway-session.js';
import { SessionRequest } from '../request/session-request.js';
import { SessionMissingError } from '../session/session.errors.js';

const noSession =
  'There is no session here: the state of this route is "disabled", its path is none that RedisSessionModule is registered for (forRoutes, exclude), or the module is not imported by this application.';

const reasons: Readonly<Record<string, string>> = {
  http: noSession,
  graphql: noSession,
  ws: 'There is no session here: the gateway lacks @GatewaySession(). Write it right above the class.',
};

const tooEarly =
  'The session of this message is not loaded yet. A global guard runs before those of a gateway: make MessageSessionGuard of nestjs-redis-session/websockets the first global guard ({ provide: APP_GUARD, useClass: MessageSessionGuard }). A guard of the gateway itself: write @GatewaySession() below @UseGuards(), right above the class.';

/** What carries the session of a context: a platform's request, or what `@GatewaySession` gives a message. */
export type SessionSource = (WithSession & { readonly session?: unknown }) | SessionRequest;

/** @returns `undefined` in contexts that have no sessions */
export function sessionSourceOf(context: ExecutionContext): SessionSource | undefined {
  return context.getType() === 'ws' ? requestOfMessage(context) : httpOfContext(context)?.request;
}

/**
 * Checks that the sessions of a context are those of the registration that `@UseSession` names.
 * @throws SessionMissingError if they are not
 */
export function assertRegistration(context: ExecutionContext, source: SessionSource | undefined): void {
  const used = usedRegistration(context);
  if (used === undefined) return;
  const registration =
    source instanceof SessionRequest ? source.registration : source && registrationOf(source);
  if (registration?.name === used.name && registration !== undefined) return;
  if (registration === undefined) throw whyMissing(context, source);
  throw new SessionMissingError(
    `This handler uses sessions of the registration ${called(used)} of RedisSessionModule, and the request has those of the one ${called(registration)}: see forRoutes, or change @UseSession().`,
  );
}

/** Why a context has no session. */
export function whyMissing(
  context: ExecutionContext,
  source: SessionSource | undefined,
): SessionMissingError {
  const why = source instanceof SessionRequest ? undefined : source?.[SESSION_ROUTER]?.whyMissing(source);
  return why ?? new SessionMissingError(reasonIn(context));
}

function reasonIn(context: ExecutionContext): string {
  const type = context.getType<string>();
  const gateway = context.getClass<object>() as object | null;
  if (type === 'ws' && gateway && Reflect.hasMetadata(GATEWAY_SESSION, gateway)) return tooEarly;
  return reasons[type] ?? 'There are no sessions in this context.';
}

// @GatewaySession() puts the session request of a message among its arguments: nothing else of it is the same everywhere.
function requestOfMessage(context: ExecutionContext): SessionRequest | undefined {
  return context.getArgs<unknown[]>().find((arg) => arg instanceof SessionRequest);
}
