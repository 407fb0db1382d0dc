import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { closeSocket } from './close-on-session-end.js';
import { GATEWAY_SESSION, type GatewaySessionOptions } from './gateway-session-options.js';
import { handshakeOf } from './handshake.js';
import { messageSession } from './message-session.js';
import { sessionEnded, toWsException } from './session-ws-exception.js';

/** Reads the session of a message before other guards see it, and refuses the messages of one that has ended. */
@Injectable()
export class MessageSessionGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const client = context.switchToWs().getClient<object>();
    const handshake = handshakeOf(client);
    const session = messageSession(handshake);
    try {
      await session.begin();
      session.assertLoaded();
    } catch (error) {
      throw toWsException(error);
    }
    handshake.credential ??= session.presented;
    if (session.core === undefined && handshake.credential !== undefined) {
      const options = this.reflector.get<GatewaySessionOptions>(GATEWAY_SESSION, context.getClass());
      if (options.closeOnSessionEnd) closeSocket(client);
      throw sessionEnded(handshake.credential);
    }
    // All that guards, interceptors and decorators of one message share are its arguments. The last one is the name of
    // the message, which `getPattern()` takes from there.
    context.getArgs<unknown[]>().splice(-1, 0, session);
    return true;
  }
}
