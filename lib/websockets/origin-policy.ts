import { Logger } from '@nestjs/common';
import { isOriginAllowed, type AllowedOrigins } from '../request/allowed-origins.js';
import { RefusedOrigins } from '../request/refused-origins.js';
import { SessionMissingError } from '../shared.js';
import type { Handshake } from './socket.js';

const NO_HANDSHAKE =
  'The WebSocket adapter of this application passes no request to handleConnection(), so its sockets have no sessions. Use WsAdapter or IoAdapter, or an adapter that passes the request as they do.';

const logger = new Logger('GatewaySession');

/** Decides which sockets a gateway accepts, by the origin of the page that opens them. */
export class OriginPolicy {
  readonly #refused = new RefusedOrigins((origin, host) =>
    logger.warn(
      `Closed a socket that a page of the origin ${origin} opened at the host ${host}. If these pages are yours, add their origin to allowedOrigins of @GatewaySession().`,
    ),
  );

  constructor(private readonly allowed: AllowedOrigins | undefined) {}

  /**
   * Accepts a socket, or logs why not. Never throws: an error in handleConnection() would end the process.
   * @returns the handshake, or `undefined` if the socket must be closed
   */
  admit(handshake: Handshake | undefined): Handshake | undefined {
    try {
      if (handshake === undefined) throw new SessionMissingError(NO_HANDSHAKE);
      if (isOriginAllowed(handshake.headers, handshake.secure, this.allowed)) return handshake;
      this.#refused.add(handshake.headers);
    } catch (error) {
      logger.error(error);
    }
    return undefined;
  }
}
