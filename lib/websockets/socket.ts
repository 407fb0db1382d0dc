/** A socket of socket.io, or of ws. */
interface Socket {
  disconnect?(closeConnection: boolean): unknown;
  readonly connected?: boolean;
  close?(code: number, reason: string): unknown;
  readonly readyState?: number;
  once(event: string, listener: () => void): unknown;
}

// RFC 6455, 7.4.1: the endpoint's policy ends the connection.
const POLICY_VIOLATION = 1008;
const CLOSED = 3;

/** Closes a socket at once. Clients of ws are told the reason. */
export function closeSocket(client: object, reason: string): void {
  const socket = client as Socket;
  // A socket of socket.io has both names, and `close` there is an older one of `disconnect`.
  if (socket.disconnect) socket.disconnect(true);
  else socket.close?.(POLICY_VIOLATION, reason);
}

/** Closes a socket whose session has ended, after what is being sent to it. */
export function closeEndedSocket(client: object): void {
  setImmediate(() => closeSocket(client, 'The session has ended.'));
}

/** Calls the listener when the socket has closed, or now if it has. */
export function onceClosed(client: object, listener: () => void): void {
  const socket = client as Socket;
  if (socket.readyState === CLOSED || socket.connected === false) listener();
  // With socket.io a client can send an event named `close`.
  else socket.once(socket.disconnect ? 'disconnect' : 'close', listener);
}
