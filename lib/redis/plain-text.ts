import { connect } from 'node:net';

// A TLS handshake is usually over by then.
const SUSPECT_AFTER_MS = 500;
const REPLY_WITHIN_MS = 1000;
// The first characters of the replies +PONG, -NOAUTH and -ERR.
const REPLY = /^[+-]/;

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Waits for a connection with TLS. A Redis without TLS does not answer the handshake: if that takes long, this asks the
 * server in plain text, so that nobody waits for the timeout to learn it.
 * @throws Error if the server answers in plain text
 */
export function refusePlainText(server: Address, connecting: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      void answersInPlainText(server).then((plain) => {
        if (plain) reject(new Error('the server answers without TLS'));
      });
    }, SUSPECT_AFTER_MS);
    connecting.then(() => resolve(), reject).finally(() => clearTimeout(timer));
  });
}

function answersInPlainText({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.write('PING\r\n'));
    const end = (plain: boolean): void => {
      socket.destroy();
      resolve(plain);
    };
    socket.setTimeout(REPLY_WITHIN_MS, () => end(false));
    socket.once('data', (reply) => end(REPLY.test(reply.toString('latin1'))));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
