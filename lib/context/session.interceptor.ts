import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Inject, Injectable, Logger, type OnModuleInit, Optional } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { from, mergeMap, type Observable } from 'rxjs';
import { SessionHttp } from '../http/session-http.js';
import { SESSION_STATE, SESSION_TOUCH } from '../request/decorator-metadata.js';
import type { SessionState } from '../session/session-state.js';
import { SessionMissingError } from '../session/session.errors.js';
import { httpOfContext } from './session-source.js';

const NOT_IMPORTED =
  'There is no session: @SessionState() is used, but this application does not import RedisSessionModule. Add RedisSessionModule.forRoot() to the imports of its root module (in a test: RedisSessionModule.forRoot({ store: "memory" })).';

/**
 * Applies the state of a route to its session, and loads the session if `hydrate` is `interceptor`. `@SessionState()` adds
 * it to a handler or controller. The module adds it to every handler if `hydrate` or `sessionState` requires that. Changes
 * are stored before the first byte of the answer is sent.
 */
@Injectable()
export class SessionInterceptor implements NestInterceptor, OnModuleInit {
  constructor(
    // Optional, so that unit tests can create a controller without the module.
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
    const places = [context.getHandler(), context.getClass()];
    const state = this.reflector.getAllAndOverride<SessionState | undefined>(SESSION_STATE, places);
    const touches = this.reflector.getAllAndOverride<boolean | undefined>(SESSION_TOUCH, places);
    if (this.http === undefined) {
      if (state === 'disabled') return next.handle();
      throw new SessionMissingError(NOT_IMPORTED);
    }
    return from(this.http.enter(http.request, http.response, state, touches)).pipe(
      mergeMap(() => next.handle()),
    );
  }
}
