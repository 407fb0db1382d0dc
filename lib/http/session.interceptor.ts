import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { from, mergeMap, type Observable } from 'rxjs';
import type { SessionState } from '../session/session-state.js';
import { httpOfContext } from './http-of-context.js';
import { SessionHttp } from './session-http.js';

/** Where `@SessionState` leaves what a route asks for. */
export const SESSION_STATE = 'nestjs-redis-session:state';

/**
 * Hydrates `request.session` around a handler and applies the state of its route. `@SessionState` brings it along;
 * `hydrate: 'interceptor'` puts it before every handler. What it loads is stored before the first byte of the answer.
 */
@Injectable()
export class SessionInterceptor implements NestInterceptor {
  constructor(
    private readonly http: SessionHttp,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = httpOfContext(context);
    if (http === undefined) return next.handle();
    const state = this.reflector.getAllAndOverride<SessionState | undefined>(SESSION_STATE, [
      context.getHandler(),
      context.getClass(),
    ]);
    return from(this.http.enter(http.request, http.response, state)).pipe(mergeMap(() => next.handle()));
  }
}
