import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Library } from '../integrations/chat-app.js';

// A masked text frame: "40" connects to the namespace of socket.io (its protocol 5, Engine.IO 4).
const CONNECT_TO_NAMESPACE = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]);

/** Opens raw sockets until the gateway knows them, and resets them all at once. */
export async function openAndReset(
  library: Library,
  url: string,
  cookie: string,
  count: number,
): Promise<void> {
  const opened: Socket[] = [];
  while (opened.length < count) {
    // oxlint-disable-next-line no-await-in-loop -- the backlog of connections is short
    opened.push(...(await Promise.all(Array.from({ length: 100 }, () => open(library, url, cookie)))));
  }
  for (const socket of opened) socket.resetAndDestroy();
}

async function open(library: Library, url: string, cookie: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname }).on('error', () => undefined);
  const path = library === 'ws' ? '/' : '/socket.io/?EIO=4&transport=websocket';
  socket.write(
    [
      `GET ${path} HTTP/1.1`,
      `Host: ${host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Cookie: sid=${cookie}`,
      '\r\n',
    ].join('\r\n'),
  );
  await received(socket, 'HTTP/1.1 101');
  if (library === 'ws') return socket;
  socket.write(CONNECT_TO_NAMESPACE);
  await received(socket, '40{');
  return socket;
}

async function received(socket: Socket, text: string): Promise<void> {
  let all = '';
  while (!all.includes(text)) {
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    const [piece] = (await once(socket, 'data')) as [Buffer];
    all += piece.toString('latin1');
  }
}
