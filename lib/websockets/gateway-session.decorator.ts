import { Inject, Optional, SetMetadata, UseGuards, UseInterceptors } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { USED_REGISTRATION, type UsedRegistration } from '../http/used-registrations.js';
import { GATEWAY_SESSION } from '../request/gateway-session.js';
import { SessionRegistration } from '../request/session-registration.js';
import { sessionToken } from '../session-tokens.js';
import { resolveGatewayOptions, type GatewaySessionOptions } from './gateway-session-options.js';
import { handshakeOf } from './handshake.js';
import { MessageSessionGuard } from './message-session.guard.js';
import { MessageSessionInterceptor } from './message-session.interceptor.js';
import { OriginPolicy } from './origin-policy.js';
import { sessionWatchOf } from './session-watch.js';
import { closeSocket, onceClosed } from './socket.js';
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
 * Gives the handlers of a WebSocket gateway the session whose cookie opened the socket. Every message reads it anew and
 * slides its idle timeout; what the handler changes is stored before its answer leaves. A message of a session that was
 * destroyed, rotated or has expired is refused with an `exception` of code `SESSION_GONE`. A socket never changes its
 * session: one that was opened without a session stays without.
 *
 * Only pages of the same origin may open a socket, unless `allowedOrigins` says otherwise (RFC 6455, 10.2; OWASP ASVS 5.0
 * V4.4.2). Others are closed, and neither `handleConnection()` nor a handler of yours is called for them.
 *
 * Write it right above the class, below other `@UseGuards()`: guards below or above it on methods see the session then.
 * Global guards run earlier; see `MessageSessionGuard`. A socket cannot be given a cookie: create, rotate and regenerate
 * sessions in HTTP requests.
 *
 * @throws SessionOptionsError if an option has a value that cannot be used
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
      const handshake = handshakeOf(client, request);
      if (!policy.admits(handshake)) {
        rememberSocket(client, this.constructor, undefined);
        closeSocket(client, 'Forbidden origin');
        return undefined;
      }
      const socket = new SocketSession(client, registration, handshake.headers);
      rememberSocket(client, this.constructor, socket);
      // At once: what the socket is bound to must not depend on when its first message comes.
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
    // A gateway hears of a socket twice, or not at all.
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
    // Optional, so that unit tests can make a gateway without the module.
    Optional()(gateway, REGISTRATION);
    // A name that no registration has stops the start.
    if (!Reflect.hasOwnMetadata(USED_REGISTRATION, target))
      SetMetadata(USED_REGISTRATION, { name } satisfies UsedRegistration)(target);
    SetMetadata(GATEWAY_SESSION, options)(target);
    UseGuards(MessageSessionGuard)(target);
    UseInterceptors(MessageSessionInterceptor)(target);
  };
}
