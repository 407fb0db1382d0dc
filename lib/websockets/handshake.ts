import type { IncomingHttpHeaders } from 'node:http';
import type { SessionRegistration } from '../request/session-registration.js';
import { SessionMissingError } from '../session/session.errors.js';

/** What a socket was opened with. */
export interface Handshake {
  readonly headers: IncomingHttpHeaders;
  /** Whose sessions the gateway uses. */
  readonly registration: SessionRegistration;
  /** The credential that a session was found for, once there was one. */
  credential: string | undefined;
}

/** Anything that carries the headers of the request which opened a socket. */
interface WithHeaders {
  readonly headers: IncomingHttpHeaders;
}

const handshakes = new WeakMap<object, Handshake>();

/** Keeps what a socket was opened with: `ws` tells it once, when the socket connects; socket.io keeps it itself. */
export function rememberHandshake(
  client: object,
  request: WithHeaders | undefined,
  registration: SessionRegistration,
): Handshake {
  const { headers } = request ?? (client as { handshake: WithHeaders }).handshake;
  const handshake = { headers, registration, credential: undefined };
  handshakes.set(client, handshake);
  return handshake;
}

/** What a socket was opened with. @throws SessionMissingError where it connected past the gateway's decorator. */
export function handshakeOf(client: object): Handshake {
  const handshake = handshakes.get(client);
  if (handshake !== undefined) return handshake;
  throw new SessionMissingError(
    'The handshake of this socket is not known: its gateway has a handleConnection() that replaces the one of @GatewaySession().',
  );
}
