import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What is known of the request that opened a socket. */
export interface Handshake {
  readonly headers: IncomingHttpHeaders;
  /** Whether it came over TLS to this process. */
  readonly secure: boolean;
}

/**
 * The request that opened a socket: `ws` hands it over, once, when the socket connects; socket.io keeps it.
 * @returns `undefined` with an adapter that does neither
 */
export function handshakeOf(client: object, request: IncomingMessage | undefined): Handshake | undefined {
  if (request?.headers === undefined) return (client as { handshake?: Handshake }).handshake;
  return { headers: request.headers, secure: 'encrypted' in request.socket };
}
