import type { Handshake } from './handshake.js';
import { messageSession } from './message-session.js';
import { parseCredential } from '../session/session-credential.js';

/** A socket of socket.io, or of ws. */
interface Socket {
  disconnect?(closeConnection: boolean): unknown;
  close?(code: number, reason: string): unknown;
  once(event: string, listener: () => void): unknown;
}

// RFC 6455, 7.4.1: the endpoint's policy ends the connection.
const POLICY_VIOLATION = 1008;

/** Closes a socket, after what is being sent to it. */
export function closeSocket(client: object): void {
  const socket = client as Socket;
  setImmediate(() => {
    // A socket of socket.io has both names, and `close` there is an older one of `disconnect`.
    if (socket.disconnect) socket.disconnect(true);
    else socket.close?.(POLICY_VIOLATION, 'The session has ended.');
  });
}

/** Looks after the session that a socket was opened with, and closes the socket when it has ended. */
export async function closeOnSessionEnd(
  client: object,
  handshake: Handshake,
  everyInSeconds: number,
): Promise<void> {
  const { operations } = handshake.registration;
  const opening = messageSession(handshake);
  // While the store is away there is nothing to look after; the first message asks again.
  await Promise.resolve(opening.begin()).catch(() => undefined);
  handshake.credential ??= opening.presented;
  const timer = setInterval(() => {
    const { credential } = handshake;
    if (credential === undefined) return;
    operations.isLive(parseCredential(credential)!).then(
      (live) => {
        if (!live) closeSocket(client);
      },
      // An outage is not a logout.
      () => undefined,
    );
  }, everyInSeconds * 1000).unref();
  const stop = (): void => clearInterval(timer);
  (client as Socket).once('close', stop);
  (client as Socket).once('disconnect', stop);
}
