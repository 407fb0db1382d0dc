import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Inject, Injectable, Logger, type OnModuleInit, Optional } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { from, mergeMap, type Observable } from 'rxjs';
import type { SessionState } from '../session/session-state.js';
import { SessionMissingError } from '../session/session.errors.js';
import { httpOfContext } from './http-of-context.js';
import { SessionHttp } from './session-http.js';

/** Where `@SessionState` leaves what a route asks for. */
export const SESSION_STATE = 'nestjs-redis-session:state';

const NOT_IMPORTED =
  'There is no session: @SessionState() is used, and this application does not import RedisSessionModule. Add RedisSessionModule.forRoot() to the imports of its root module, in a test RedisSessionModule.forRoot({ store: "memory" }).';

/**
 * Hydrates `request.session` around a handler and applies the state of its route. `@SessionState` brings it along;
 * `hydrate: 'interceptor'` puts it before every handler. What it loads is stored before the first byte of the answer.
 */
@Injectable()
export class SessionInterceptor implements NestInterceptor, OnModuleInit {
  constructor(
    // Optional, so that unit tests can make a controller without the module.
    @Optional() @Inject(SessionHttp) private readonly http: SessionHttp | undefined,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    if (this.http === undefined) new Logger('RedisSessionModule').error(NOT_IMPORTED);
  }

  /** @throws SessionMissingError if the application does not import the module, unless the state is `disabled` */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = httpOfContext(context);
    if (http === undefined) return next.handle();
    const state = this.reflector.getAllAndOverride<SessionState | undefined>(SESSION_STATE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (this.http === undefined) {
      if (state === 'disabled') return next.handle();
      throw new SessionMissingError(NOT_IMPORTED);
    }
    return from(this.http.enter(http.request, http.response, state)).pipe(mergeMap(() => next.handle()));
  }
}
