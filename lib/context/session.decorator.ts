import 'reflect-metadata';
import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { SessionData } from '../session/session-data.js';
import type { Session as SessionType } from '../session/session.js';
import { assertRegistration, isSkipped, sessionSourceOf, whyMissing } from './session-source.js';

const PARAMETER_TYPES = 'design:paramtypes';

type Pipe = Type<PipeTransform> | PipeTransform;

/** The names that `@Session()` accepts: the properties of the session if `SessionData` is declared, otherwise any name. */
export type SessionAttributeName = keyof SessionData extends never ? string : keyof SessionType;

/**
 * Returns the session of the request or message that a guard, interceptor or decorator handles.
 * @throws SessionMissingError if there is no session, or `@UseSession()` names another registration. The message says why.
 * @example
 * ```ts
 * canActivate(context: ExecutionContext) { return sessionFromContext<Shop>(context).userId !== undefined; }
 * ```
 */
export function sessionFromContext<T extends object = SessionData>(
  context: ExecutionContext,
): SessionType<T> {
  const source = sessionSourceOf(context);
  assertRegistration(context, source);
  const session = isSkipped(source) ? undefined : source?.session;
  if (session === undefined) throw whyMissing(context, source);
  return session as SessionType<T>;
}

const inject = createParamDecorator((attribute: string | undefined, context: ExecutionContext): unknown => {
  const session = sessionFromContext(context);
  return attribute === undefined ? session : (session as unknown as Record<string, unknown>)[attribute];
});

/**
 * Injects the session, or one attribute of it, into a handler. Pipes apply as usual.
 *
 * A missing attribute is `undefined`. Assigning to the parameter does not change the session; inject the session for that.
 * A global `ValidationPipe({ validateCustomDecorators: true })` validates an attribute by the class of its parameter, and
 * does not validate whole sessions.
 *
 * @throws SessionMissingError if the state of the route is `disabled`, or the module loads no session for it
 * @example
 * ```ts
 * @Get('cart') show(@Session('cart', new DefaultValuePipe([])) cart: Item[]) { return cart; }
 * @Post('visits') count(@Session() session: Session<Shop>) { return (session.visits = (session.visits ?? 0) + 1); }
 * ```
 */
export const Session = (attribute?: SessionAttributeName | Pipe, ...pipes: Pipe[]): ParameterDecorator => {
  if (typeof attribute === 'string') return inject(attribute, ...pipes);
  return attribute === undefined ? wholeSession : inject(attribute, ...pipes);
};

const wholeSession: ParameterDecorator = (target, method, index) => {
  inject()(target, method, index);
  // A global pipe would otherwise convert the session to a copy, and changes to a copy are lost. (With SWC the type of
  // the parameter is this decorator.)
  const types = method && (Reflect.getOwnMetadata(PARAMETER_TYPES, target, method) as unknown[] | undefined);
  if (types) types[index] = Object;
};

/** {@inheritDoc SessionType} */
export type Session<T extends object = SessionData> = SessionType<T>;
