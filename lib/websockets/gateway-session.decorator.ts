import { Inject, Optional, SetMetadata, UseGuards, UseInterceptors } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GATEWAY_SESSION, USED_REGISTRATION, type UsedRegistration } from '../request/decorator-metadata.js';
import { sessionToken } from '../session-tokens.js';
import { SessionRegistration } from '../shared.js';
import { resolveGatewayOptions, type GatewaySessionOptions } from './gateway-session-options.js';
import { MessageSessionGuard } from './message-session.guard.js';
import { MessageSessionInterceptor } from './message-session.interceptor.js';
import { OriginPolicy } from './origin-policy.js';
import { sessionWatchOf } from './session-watch.js';
import { closeSocket, handshakeOf, onceClosed } from './socket.js';
import { isRefused, rememberSocket, SocketSession } from './socket-session.js';

const REGISTRATION = Symbol('nestjs-redis-session registration');

type Hook<Args extends unknown[]> = (this: Gateway, ...args: Args) => unknown;

interface Gateway {
  [REGISTRATION]: SessionRegistration | undefined;
  handleConnection?: Hook<[client: object, request?: IncomingMessage, ...unknown[]]>;
  handleDisconnect?: Hook<[client: object, ...unknown[]]>;
  onApplicationShutdown?: Hook<[signal?: string]>;
}

/**
 * Gives the handlers of a WebSocket gateway the session whose cookie opened the socket. Every message reads the session
 * again and slides its idle timeout; changes are stored before the handler's answer is sent. If the session was destroyed
 * or rotated, or has expired, the message is rejected with an `exception` of code `SESSION_GONE`. A socket never changes
 * its session; a socket that was opened without a session never gets one.
 *
 * Only pages of the same origin may open a socket, unless you set `allowedOrigins` (RFC 6455, 10.2; OWASP ASVS 5.0 V4.4.2).
 * Other sockets are closed, and neither your `handleConnection()` nor a handler is called for them.
 *
 * Write it right above the class, below other `@UseGuards()`, so that those guards see the session. Global guards run
 * earlier; see `MessageSessionGuard`. An open socket cannot receive a cookie: create, rotate and regenerate sessions in
 * HTTP requests.
 *
 * @throws SessionOptionsError if an option is invalid
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
  const { name, allowedOrigins, closeOnSessionEnd, checkEveryInSeconds } = resolveGatewayOptions(options);
  const policy = new OriginPolicy(allowedOrigins);
  return (target) => {
    const gateway = target.prototype as Gateway;
    const { handleConnection, handleDisconnect, onApplicationShutdown } = gateway;

    gateway.handleConnection = function (client, request, ...rest) {
      const registration = this[REGISTRATION];
      if (registration === undefined) return handleConnection?.call(this, client, request, ...rest);
      const handshake = policy.admit(handshakeOf(client, request));
      if (handshake === undefined) {
        rememberSocket(client, this.constructor, undefined);
        closeSocket(client, 'Forbidden origin');
        return undefined;
      }
      const socket = new SocketSession(client, registration, handshake.headers);
      rememberSocket(client, this.constructor, socket);
      // Now, so that the session of the socket does not depend on when its first message arrives.
      const known = socket.message().catch(() => undefined);
      if (closeOnSessionEnd) {
        const watch = sessionWatchOf(registration);
        let isOpen = true;
        onceClosed(client, () => {
          isOpen = false;
          watch.remove(socket);
        });
        void known.then(() => isOpen && watch.add(socket, checkEveryInSeconds));
      }
      return handleConnection?.call(this, client, request, ...rest);
    };
    // A gateway that never saw handleConnection() must not see handleDisconnect() either.
    if (handleDisconnect !== undefined) {
      gateway.handleDisconnect = function (client, ...rest) {
        return isRefused(client, this.constructor) ? undefined : handleDisconnect.call(this, client, ...rest);
      };
    }
    if (closeOnSessionEnd) {
      gateway.onApplicationShutdown = function (signal) {
        if (this[REGISTRATION]) sessionWatchOf(this[REGISTRATION]).stop();
        return onApplicationShutdown?.call(this, signal);
      };
    }
    Inject(sessionToken(SessionRegistration, name))(gateway, REGISTRATION);
    // Optional, so that unit tests can create a gateway without the module.
    Optional()(gateway, REGISTRATION);
    // Lets the start fail if no registration has this name.
    if (!Reflect.hasOwnMetadata(USED_REGISTRATION, target))
      SetMetadata(USED_REGISTRATION, { name } satisfies UsedRegistration)(target);
    SetMetadata(GATEWAY_SESSION, options)(target);
    UseGuards(MessageSessionGuard)(target);
    UseInterceptors(MessageSessionInterceptor)(target);
  };
}
