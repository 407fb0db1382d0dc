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
import { SESSION_STATE, SESSION_TOUCH } from '../request/decorator-metadata.js';
import type { SessionRequest } from '../request/session-request.js';
import type { SessionState } from '../session/session-state.js';
import { SessionMissingError, sessionInArguments } from '../shared.js';
import { isRefusal, toWsException } from './session-ws-exception.js';

/** Applies the state of a message's handler, and stores the session before the handler's answer is sent. */
@Injectable()
export class MessageSessionInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const session = sessionInArguments(context.getArgs());
    if (session === undefined) return next.handle();
    const places = [context.getHandler(), context.getClass()];
    const state = this.reflector.getAllAndOverride<SessionState | undefined>(SESSION_STATE, places);
    const touches = this.reflector.getAllAndOverride<boolean | undefined>(SESSION_TOUCH, places);
    const stored = defer(() => this.#store(session));
    const answers = next.handle().pipe(concatMap((answer) => stored.pipe(map(() => answer))));
    const entered = defer(() => session.enter(state, touches)).pipe(ignoreElements());
    // `stored` again at the end: a handler may complete without an answer.
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

  // Nest unsubscribes when the socket closes. The handler may go on, but its lock must not outlive the socket.
  #abandon(session: SessionRequest): void {
    session.commit(true)?.catch(() => undefined);
  }

  // Commits in any case, because the commit also releases the lock.
  async #fail(session: SessionRequest, error: unknown): Promise<never> {
    try {
      await session.commit(!isRefusal(error));
    } catch (failure) {
      throw toWsException(failure);
    }
    throw toWsException(error);
  }
}

/**
 * A message has no answer that could carry a cookie.
 * @throws SessionMissingError if the client would need a new cookie; nothing is stored then
 */
function assertNothingToSend({ core, presented }: SessionRequest): void {
  if (core === undefined || core.destroyRequested) return;
  const isCreated = core.status === 'new' && core.attributes.changes().size > 0;
  if (!isCreated && !core.identity.rotateRequested && core.newCredential === undefined) return;
  throw new SessionMissingError(
    presented === undefined
      ? 'There is no session to write to: this socket was opened without one, and an open socket cannot receive a cookie. Create the session in an HTTP request before the socket is opened.'
      : 'A session cannot be rotated or regenerated here: an open socket cannot receive the new cookie, and the client would lose its session. Do it in an HTTP request.',
  );
}
