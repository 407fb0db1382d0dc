import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { SESSION_STATE } from '../request/decorator-metadata.js';
import type { SessionState as State } from '../session/session-state.js';
import { SessionInterceptor } from './session.interceptor.js';

/**
 * Sets how a handler, or every handler of a controller, uses the session. The handler's state overrides the controller's,
 * and both override the option `sessionState`.
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
