import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The request that opened a socket. */
export interface Handshake {
  readonly headers: IncomingHttpHeaders;
  /** Whether the request came to this process over TLS. */
  readonly secure: boolean;
}

/**
 * Returns the request that opened a socket: `ws` passes it to `handleConnection()`, socket.io keeps it on the socket.
 * @returns `undefined` if the adapter does neither
 */
export function handshakeOf(client: object, request: IncomingMessage | undefined): Handshake | undefined {
  if (request?.headers === undefined) return (client as { handshake?: Handshake }).handshake;
  return { headers: request.headers, secure: 'encrypted' in request.socket };
}

/** A socket of socket.io or ws. */
interface Socket {
  disconnect?(closeConnection: boolean): unknown;
  readonly connected?: boolean;
  close?(code: number, reason: string): unknown;
  readonly readyState?: number;
  once(event: string, listener: () => void): unknown;
}

// RFC 6455, 7.4.1
const POLICY_VIOLATION = 1008;
const CLOSED = 3;

/** Closes a socket immediately. Clients of ws receive the reason. */
export function closeSocket(client: object, reason: string): void {
  const socket = client as Socket;
  // On socket.io both methods exist; `close` is the old name of `disconnect`.
  if (socket.disconnect) socket.disconnect(true);
  else socket.close?.(POLICY_VIOLATION, reason);
}

/** Closes a socket whose session has ended, after pending messages were sent. */
export function closeEndedSocket(client: object): void {
  setImmediate(() => closeSocket(client, 'The session has ended.'));
}

/** Calls the listener when the socket closes, or now if it is closed. */
export function onceClosed(client: object, listener: () => void): void {
  const socket = client as Socket;
  if (socket.readyState === CLOSED || socket.connected === false) listener();
  // A socket.io client can emit an event named `close` itself.
  else socket.once(socket.disconnect ? 'disconnect' : 'close', listener);
}
