import 'reflect-metadata';
import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { SessionData } from '../session/session-data.js';
import type { Session as SessionType } from '../session/session.js';
import { sessionFromContext } from './session-from-context.js';

const PARAMETER_TYPES = 'design:paramtypes';

type Pipe = Type<PipeTransform> | PipeTransform;

/** What `@Session()` takes: the properties of a session where `SessionData` is declared, else any name. */
export type SessionAttributeName = keyof SessionData extends never ? string : keyof SessionType;

const inject = createParamDecorator((attribute: string | undefined, context: ExecutionContext): unknown => {
  const session = sessionFromContext(context);
  return attribute === undefined ? session : (session as unknown as Record<string, unknown>)[attribute];
});

/**
 * Hands a handler its session, or one attribute of it. Pipes work as everywhere.
 *
 * An attribute that is not there is `undefined`. Assigning to the parameter changes nothing; take the session for that.
 * A global `ValidationPipe({ validateCustomDecorators: true })` validates attributes by the class of their parameter, and
 * leaves whole sessions alone.
 *
 * @throws SessionMissingError on a route of state `disabled`, and where the module does not load sessions.
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
  // A global pipe would make a copy of the class that the parameter names, and what is written to a copy is lost. SWC
  // names this decorator there.
  const types = method && (Reflect.getOwnMetadata(PARAMETER_TYPES, target, method) as unknown[] | undefined);
  if (types) types[index] = Object;
};

/** {@inheritDoc SessionType} */
export type Session<T extends object = SessionData> = SessionType<T>;
