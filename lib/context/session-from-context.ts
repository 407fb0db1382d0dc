import type { ExecutionContext } from '@nestjs/common';
import type { SessionData } from '../session/session-data.js';
import type { Session } from '../session/session.js';
import { assertRegistration, sessionSourceOf, whyMissing } from './session-source.js';

/**
 * The session of whatever a guard, interceptor or decorator is called for.
 * @throws SessionMissingError if there is none, or one of another registration than `@UseSession` names; with the reason
 * @example
 * ```ts
 * canActivate(context: ExecutionContext) { return sessionFromContext<Shop>(context).userId !== undefined; }
 * ```
 */
export function sessionFromContext<T extends object = SessionData>(context: ExecutionContext): Session<T> {
  const source = sessionSourceOf(context);
  assertRegistration(context, source);
  const session = source?.session;
  if (session === undefined) throw whyMissing(context, source);
  return session as Session<T>;
}
