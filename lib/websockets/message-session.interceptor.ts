import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  catchError,
  concat,
  concatMap,
  defer,
  finalize,
  from,
  ignoreElements,
  map,
  type Observable,
} from 'rxjs';
import { SESSION_STATE } from '../http/session.interceptor.js';
import type { SessionState } from '../session/session-state.js';
import type { SessionRequest } from '../request/session-request.js';
import { assertNothingToSend, messageSessionIn } from './message-session.js';
import { isRefusal, toWsException } from './session-ws-exception.js';

/** Applies the state that a message's handler asks for, and stores the session before the handler's answer leaves. */
@Injectable()
export class MessageSessionInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const session = messageSessionIn(context.getArgs());
    if (session === undefined) return next.handle();
    const state = this.reflector.getAllAndOverride<SessionState | undefined>(SESSION_STATE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const stored = defer(() => this.#store(session));
    const answers = next.handle().pipe(concatMap((answer) => stored.pipe(map(() => answer))));
    const entered = defer(() => session.enter(state)).pipe(ignoreElements());
    // `stored` again at the end: a handler may answer nothing at all.
    return concat(entered, answers, stored.pipe(ignoreElements())).pipe(
      catchError((error: unknown) => from(this.#fail(session, error))),
      finalize(() => this.#abandon(session)),
    );
  }

  async #store(session: SessionRequest): Promise<void> {
    if (session.committed) return;
    assertNothingToSend(session);
    await session.commit(false);
  }

  // Nest drops a message whose socket has closed. The handler may go on, but its lock must not outlive the socket.
  #abandon(session: SessionRequest): void {
    session.commit(true)?.catch(() => undefined);
  }

  // The commit releases the lock, whatever becomes of the changes.
  async #fail(session: SessionRequest, error: unknown): Promise<never> {
    try {
      await session.commit(!isRefusal(error));
    } catch (failure) {
      throw toWsException(failure);
    }
    throw toWsException(error);
  }
}
