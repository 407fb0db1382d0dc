import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { SessionData } from '../session/session-data.js';
import type { Session as SessionType } from '../session/session.js';
import { sessionFromContext } from './session-from-context.js';

type Pipe = Type<PipeTransform> | PipeTransform;

const inject = createParamDecorator((attribute: string | undefined, context: ExecutionContext): unknown => {
  const session = sessionFromContext(context);
  return attribute === undefined ? session : (session as unknown as Record<string, unknown>)[attribute];
});

/**
 * Hands a handler its session, or one attribute of it. Pipes work as everywhere.
 *
 * An attribute that is not there is `undefined`. Assigning to the parameter changes nothing; take the session for that.
 *
 * @throws SessionMissingError on a route of state `disabled`, and where the module does not load sessions.
 * @example
 * ```ts
 * @Get('cart') show(@Session('cart', new DefaultValuePipe([])) cart: Item[]) { return cart; }
 * @Post('visits') count(@Session() session: Session<Shop>) { return (session.visits = (session.visits ?? 0) + 1); }
 * ```
 */
export const Session = (attribute?: string | Pipe, ...pipes: Pipe[]): ParameterDecorator =>
  typeof attribute === 'string'
    ? inject(attribute, ...pipes)
    : inject(...(attribute ? [attribute, ...pipes] : pipes));

/** {@inheritDoc SessionType} */
export type Session<T extends object = SessionData> = SessionType<T>;
