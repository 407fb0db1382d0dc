import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GATEWAY_SESSION, RECENT_AUTHENTICATION, SESSION_TOUCH } from '../request/decorator-metadata.js';
import { isRecentlyAuthenticated } from '../session/recent-authentication.js';
import { SessionGoneError, addToArguments, sessionInArguments } from '../shared.js';
import type { GatewaySessionOptions } from './gateway-session-options.js';
import { recentAuthenticationException, toWsException } from './session-ws-exception.js';
import { closeEndedSocket } from './socket.js';
import { socketSessionOf } from './socket-session.js';

/**
 * Loads the session of a message before other guards run, and rejects the message if the session has ended.
 * `@GatewaySession()` adds it to the gateway. If a global guard of yours uses the session of messages, register this guard
 * globally before it, because Nest calls global guards first. It ignores everything except messages of gateways with
 * `@GatewaySession()`.
 *
 * @example
 * ```ts
 * providers: [
 *   { provide: APP_GUARD, useClass: MessageSessionGuard },
 *   { provide: APP_GUARD, useClass: LoggedInGuard },
 * ]
 * ```
 */
@Injectable()
export class MessageSessionGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'ws') return true;
    const args = context.getArgs<unknown[]>();
    const gateway = context.getClass();
    const options = this.reflector.get<GatewaySessionOptions | undefined>(GATEWAY_SESSION, gateway);
    if (options === undefined || sessionInArguments(args) !== undefined) return true;
    const client = context.switchToWs().getClient<object>();
    const places = [context.getHandler(), gateway];
    const touches = this.reflector.getAllAndOverride<boolean | undefined>(SESSION_TOUCH, places);
    const seconds = this.reflector.getAllAndOverride<number | undefined>(RECENT_AUTHENTICATION, places);
    try {
      const request = await socketSessionOf(client, gateway).message(touches);
      addToArguments(args, request);
      // Before the decorator's own guard, whose error would reach a gateway's filter as an unknown one.
      if (seconds === undefined || isRecentlyAuthenticated(request.session ?? {}, seconds)) return true;
    } catch (error) {
      if (options.closeOnSessionEnd && error instanceof SessionGoneError) closeEndedSocket(client);
      throw toWsException(error);
    }
    throw recentAuthenticationException(seconds);
  }
}
