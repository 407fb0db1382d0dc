import { Logger } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { isOriginAllowed, type AllowedOrigins } from '../request/allowed-origins.js';
import { SessionMissingError } from '../session/session.errors.js';
import type { Handshake } from './handshake.js';

// Those who are refused on purpose must not fill the log.
const MOST_WARNINGS = 10;
const LONGEST_HEADER = 200;
const NO_HANDSHAKE =
  'The WebSocket adapter of this application hands handleConnection() no request, so a socket has no session. Use WsAdapter or IoAdapter, or one that does as they do.';

const logger = new Logger('GatewaySession');

/** Which sockets a gateway takes, by the origin of the page that opens them. */
export class OriginPolicy {
  readonly #warnedOf = new Set<string>();

  constructor(private readonly allowed: AllowedOrigins | undefined) {}

  /** Never throws: Nest calls handleConnection() where an error would end the process. */
  admits(handshake: Handshake | undefined): handshake is Handshake {
    try {
      if (handshake === undefined) throw new SessionMissingError(NO_HANDSHAKE);
      if (isOriginAllowed(handshake.headers, handshake.secure, this.allowed)) return true;
      this.#warn(handshake.headers);
    } catch (error) {
      logger.error(error);
    }
    return false;
  }

  #warn(headers: IncomingHttpHeaders): void {
    const origin = printable(headers.origin);
    if (this.#warnedOf.size >= MOST_WARNINGS || this.#warnedOf.has(origin)) return;
    this.#warnedOf.add(origin);
    logger.warn(
      `Closed a socket that a page of the origin ${origin} opened at the host ${printable(headers.host)}. If these pages are yours, add their origin to allowedOrigins of @GatewaySession().`,
    );
  }
}

function printable(header: string | undefined): string {
  return JSON.stringify(
    String(header)
      .slice(0, LONGEST_HEADER)
      .replaceAll(/[^ -~]/g, '?'),
  );
}
