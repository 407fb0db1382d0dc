import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GATEWAY_SESSION } from '../request/gateway-session.js';
import { SessionGoneError } from '../session/session.errors.js';
import type { GatewaySessionOptions } from './gateway-session-options.js';
import { messageSessionIn } from './message-session.js';
import { toWsException } from './session-ws-exception.js';
import { closeEndedSocket } from './socket.js';
import { socketSessionOf } from './socket-session.js';

/**
 * Reads the session of a message before other guards see it, and refuses the messages of one that has ended.
 * `@GatewaySession()` brings it along. Nest calls global guards first: if one of yours looks at the session of messages,
 * make this the first global guard. It leaves everything but messages of gateways with `@GatewaySession()` alone.
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
    if (options === undefined || messageSessionIn(args) !== undefined) return true;
    const client = context.switchToWs().getClient<object>();
    try {
      // All that guards, interceptors and decorators of one message share are its arguments. The last one is the name
      // of the message, which `getPattern()` takes from there.
      args.splice(-1, 0, await socketSessionOf(client, gateway).message());
      return true;
    } catch (error) {
      if (options.closeOnSessionEnd && error instanceof SessionGoneError) closeEndedSocket(client);
      throw toWsException(error);
    }
  }
}
