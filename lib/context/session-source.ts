import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import {
  registrationOf,
  SESSION_REQUEST,
  SESSION_ROUTER,
  type WithSession,
} from '../http/http-integration.js';
import { called } from '../http/session-registrations.js';
import { GATEWAY_SESSION, USED_REGISTRATION, type UsedRegistration } from '../request/decorator-metadata.js';
import { sessionInArguments } from '../request/message-arguments.js';
import { SessionRequest } from '../request/session-request.js';
import { SessionMissingError } from '../session/session.errors.js';

const noSession =
  'There is no session here: the state of this route is "disabled", RedisSessionModule does not serve its path (forRoutes, exclude), or this application does not import the module.';

const reasons: Readonly<Record<string, string>> = {
  http: noSession,
  graphql: noSession,
  ws: 'There is no session here: the gateway lacks @GatewaySession(). Write it right above the class.',
};

const tooEarly =
  'The session of this message is not loaded yet. If a global guard reads it, make MessageSessionGuard of nestjs-redis-session/websockets the first global guard ({ provide: APP_GUARD, useClass: MessageSessionGuard }): global guards run before those of a gateway. If a guard of the gateway reads it, write @GatewaySession() below @UseGuards(), right above the class.';

/** A request of the platform, or the session of a WebSocket message. */
export type SessionSource = (WithSession & { readonly session?: unknown }) | SessionRequest;

/** Returns what holds the session of a context. @returns `undefined` if the context has no sessions */
export function sessionSourceOf(context: ExecutionContext): SessionSource | undefined {
  return context.getType() === 'ws'
    ? sessionInArguments(context.getArgs<unknown[]>())
    : httpOfContext(context)?.request;
}

interface HttpOfContext {
  readonly request: object;
  readonly response: object;
}

interface GraphqlContext {
  readonly req?: object & { readonly res?: object };
  readonly res?: object;
  readonly reply?: object;
}

/**
 * Returns the HTTP request of a context. All resolvers of a GraphQL operation share the request that carries it.
 * @returns `undefined` in other contexts
 */
export function httpOfContext(context: ExecutionContext): HttpOfContext | undefined {
  const type = context.getType<string>();
  if (type === 'http') {
    const http = context.switchToHttp();
    return { request: http.getRequest<object>(), response: http.getResponse<object>() };
  }
  if (type !== 'graphql') return undefined;
  // The arguments of a resolver are its parent, its arguments and this context, where @nestjs/graphql sets `req`.
  const { req, res, reply } = context.getArgByIndex<GraphqlContext>(2);
  return req && { request: req, response: (res ?? reply ?? req.res)! };
}

/**
 * Checks that the session of a context belongs to the registration that `@UseSession` names.
 * @throws SessionMissingError if it does not
 */
export function assertRegistration(context: ExecutionContext, source: SessionSource | undefined): void {
  const used = usedBy(context.getHandler()) ?? usedBy(context.getClass());
  if (used === undefined) return;
  const registration =
    source instanceof SessionRequest ? source.registration : source && registrationOf(source);
  if (registration?.name === used.name && registration !== undefined) return;
  if (registration === undefined) throw whyMissing(context, source);
  throw new SessionMissingError(
    `This handler uses sessions of the registration ${called(used)} of RedisSessionModule, but the request has a session of the registration ${called(registration)}. Change forRoutes or @UseSession().`,
  );
}

// In an exception filter the context has neither a handler nor a class.
function usedBy(place: object | null | undefined): UsedRegistration | undefined {
  return place ? (Reflect.getMetadata(USED_REGISTRATION, place) as UsedRegistration | undefined) : undefined;
}

/** Whether a guard or handler has no session because the state of its route is `disabled`. */
export function isSkipped(source: SessionSource | undefined): boolean {
  return !(source instanceof SessionRequest) && source?.[SESSION_REQUEST]?.skipped === true;
}

/** Explains why a context has no session. */
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
