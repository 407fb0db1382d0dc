import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { catchError, concat, concatMap, defer, from, ignoreElements, map, type Observable } from 'rxjs';
import { SESSION_STATE } from '../http/session.interceptor.js';
import type { SessionState } from '../session/session-state.js';
import { exchangeIn, type MessageExchange } from './message-exchange.js';
import { isRefusal, toWsException } from './session-ws-exception.js';

/** Applies the state that a message's handler asks for, and stores the session before the handler's answer leaves. */
@Injectable()
export class MessageSessionInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const exchange = exchangeIn(context.getArgs());
    if (exchange === undefined) return next.handle();
    const state = this.reflector.getAllAndOverride<SessionState | undefined>(SESSION_STATE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const stored = defer(() => this.#store(exchange));
    const answers = next.handle().pipe(concatMap((answer) => stored.pipe(map(() => answer))));
    const entered = defer(() => exchange.lifecycle.enter(exchange, state)).pipe(ignoreElements());
    // `stored` again at the end: a handler may answer nothing at all.
    return concat(entered, answers, stored.pipe(ignoreElements())).pipe(
      catchError((error: unknown) => from(this.#fail(exchange, error))),
    );
  }

  async #store(exchange: MessageExchange): Promise<void> {
    if (exchange.committed) return;
    exchange.assertNothingToSend();
    await exchange.lifecycle.commit(exchange);
  }

  // The commit lets go of the lock, whatever becomes of the changes.
  async #fail(exchange: MessageExchange, error: unknown): Promise<never> {
    if (!isRefusal(error)) exchange.statusCode = 500;
    await exchange.lifecycle.commit(exchange);
    throw toWsException(error);
  }
}
