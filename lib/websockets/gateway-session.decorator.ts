import { Inject, SetMetadata, UseGuards, UseInterceptors } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { SessionRegistration } from '../request/session-registration.js';
import { sessionToken } from '../session-tokens.js';
import { closeOnSessionEnd } from './close-on-session-end.js';
import { GATEWAY_SESSION, type GatewaySessionOptions } from './gateway-session-options.js';
import { rememberHandshake } from './handshake.js';
import { MessageSessionGuard } from './message-session.guard.js';
import { MessageSessionInterceptor } from './message-session.interceptor.js';

const REGISTRATION = Symbol('nestjs-redis-session registration');
const CHECK_EVERY_IN_SECONDS = 10;

interface Gateway {
  [REGISTRATION]: SessionRegistration;
  handleConnection?: (this: Gateway, client: object, request?: IncomingMessage) => unknown;
}

/**
 * Gives the handlers of a WebSocket gateway the session whose cookie opened the socket. Every message reads it anew and
 * slides its idle timeout; what the handler changes is stored before its answer leaves. A message of a session that was
 * destroyed or has expired is refused with an `exception` of code `SESSION_GONE`.
 *
 * Write it right above the class, below other `@UseGuards()`: guards below or above it on methods see the session then.
 * A socket cannot be given a cookie: create, rotate and regenerate sessions in HTTP requests.
 *
 * @example
 * ```ts
 * @WebSocketGateway()
 * @GatewaySession({ closeOnSessionEnd: true })
 * class ChatGateway {
 *   @SubscribeMessage('say') say(@Session('name') name: string, @MessageBody() text: string) { return `${name}: ${text}`; }
 * }
 * ```
 */
export function GatewaySession(options: GatewaySessionOptions = {}): ClassDecorator {
  return (target) => {
    const gateway = target.prototype as Gateway;
    const { handleConnection } = gateway;
    gateway.handleConnection = function (client, request) {
      const handshake = rememberHandshake(client, request, this[REGISTRATION]);
      if (options.closeOnSessionEnd) {
        const { checkEveryInSeconds = CHECK_EVERY_IN_SECONDS } = options;
        void closeOnSessionEnd(client, handshake, checkEveryInSeconds);
      }
      return handleConnection?.call(this, client, request);
    };
    Inject(sessionToken(SessionRegistration, options.name))(gateway, REGISTRATION);
    SetMetadata(GATEWAY_SESSION, options)(target);
    UseGuards(MessageSessionGuard)(target);
    UseInterceptors(MessageSessionInterceptor)(target);
  };
}
