import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { SESSION_STATE, SESSION_TOUCH } from '../request/decorator-metadata.js';
import type { SessionState as State } from '../session/session-state.js';
import { SessionOptionsError } from '../session/session.errors.js';
import { SessionInterceptor } from './session.interceptor.js';

/** Options of `@SessionState('read-only')`. */
export interface SessionStateOptions {
  /**
   * `false`: requests of the handler do not slide the idle timeout. For requests that a page sends by itself, such as
   * polling, so that a visitor who has left is logged out (OWASP ASVS 5.0 V7.3.1). Only with `'read-only'`, because every
   * write slides it.
   * @default true
   */
  touch?: boolean;
}

/**
 * Sets how a handler, or every handler of a controller, uses the session. The handler's state overrides the controller's,
 * and both override the option `sessionState`.
 *
 * @throws SessionOptionsError for `touch: false` with another state than `'read-only'`
 * @example
 * ```ts
 * @Get('cart') @SessionState('read-only') show(@Session('cart') cart: Item[] = []) { return cart; }
 * @Get('news') @SessionState('read-only', { touch: false }) news(@Session() { expiresAt }: Session) { return { expiresAt }; }
 * ```
 */
export function SessionState(
  state: 'read-only',
  options: SessionStateOptions,
): MethodDecorator & ClassDecorator;
export function SessionState(state: State): MethodDecorator & ClassDecorator;
export function SessionState(
  state: State,
  { touch = true }: SessionStateOptions = {},
): MethodDecorator & ClassDecorator {
  if (!touch && state !== 'read-only')
    throw new SessionOptionsError([
      `@SessionState: touch is false with the state ${JSON.stringify(state)}. Use "read-only", or remove touch.`,
    ]);
  return applyDecorators(
    SetMetadata(SESSION_STATE, state),
    SetMetadata(SESSION_TOUCH, touch),
    UseInterceptors(SessionInterceptor),
  );
}

/** {@inheritDoc State} */
export type SessionState = State;
