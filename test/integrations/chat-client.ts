import { once } from 'node:events';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { Library } from './chat-app.js';

interface Message {
  event: string;
  data: unknown;
}

/** One socket, opened with these cookies. Keeps what arrives until the test reads it. */
export class ChatClient {
  /** Resolves when the server closes the socket, with the reason if the protocol has one. */
  readonly closed: Promise<unknown>;
  /** What the test has not read yet. */
  readonly arrived: Message[] = [];
  #wanted: ((message: Message) => void) | undefined;

  private constructor(private readonly socket: Socket | WebSocket) {
    if (socket instanceof WebSocket) {
      socket.on('message', (data: Buffer) => this.#arrive(JSON.parse(data.toString()) as Message));
      this.closed = once(socket, 'close').then(([code, reason]) => `${code} ${reason}`);
    } else {
      socket.onAny((event: string, data: unknown) => this.#arrive({ event, data }));
      this.closed = new Promise((resolve) => socket.once('disconnect', resolve));
    }
  }

  static async open(
    library: Library,
    url: string,
    cookie: string | undefined,
    others: Record<string, string> = {},
  ): Promise<ChatClient> {
    const headers: Record<string, string> =
      cookie === undefined ? others : { ...others, cookie: `sid=${cookie}` };
    if (library === 'ws') {
      const socket = new WebSocket(url.replace('http', 'ws'), { headers });
      const client = new ChatClient(socket);
      await once(socket, 'open');
      return client;
    }
    const socket = io(url, {
      extraHeaders: headers,
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    const client = new ChatClient(socket);
    await new Promise((resolve, reject) =>
      socket.once('connect', () => resolve(undefined)).once('connect_error', reject),
    );
    return client;
  }

  send(event: string, data?: unknown): void {
    if (this.socket instanceof WebSocket) this.socket.send(JSON.stringify({ event, data }));
    else this.socket.emit(event, data);
  }

  /** Sends a raw frame, which need not be an event or JSON. */
  sendRaw(frame: string | Buffer): void {
    if (this.socket instanceof WebSocket) this.socket.send(frame);
    else this.socket.io.engine.write(frame);
  }

  /** The next message of the server, of any kind. */
  next(): Promise<Message> {
    const first = this.arrived.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => (this.#wanted = resolve));
  }

  ask(event: string, data?: unknown): Promise<Message> {
    this.send(event, data);
    return this.next();
  }

  close(): void {
    this.socket.close();
  }

  #arrive(message: Message): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted) wanted(message);
    else this.arrived.push(message);
  }
}
