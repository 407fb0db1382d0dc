import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { SESSION_STATE, SessionInterceptor } from '../http/session.interceptor.js';
import type { SessionState as State } from '../session/session-state.js';

/**
 * Says what a handler, or every handler of a controller, does with the session. The handler's word counts before the
 * controller's, and both before the option `sessionState`.
 *
 * @example
 * ```ts
 * @Get('cart') @SessionState('read-only') show(@Session('cart') cart: Item[] = []) { return cart; }
 * ```
 */
export const SessionState = (state: State): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(SESSION_STATE, state), UseInterceptors(SessionInterceptor));

/** {@inheritDoc State} */
export type SessionState = State;
