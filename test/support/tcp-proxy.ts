import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.js';
import { TcpLane, type Conditions, type Direction } from './tcp-lane.js';

interface Connection {
  client: Socket;
  server: Socket;
  lanes: [TcpLane, TcpLane];
}

/** A line between a client and a server on which everything can go wrong. It passes bytes, so TLS works through it. */
export class TcpProxy {
  readonly host = '127.0.0.1';
  /** Bytes that came out at the other end. */
  bytesToServer = 0;
  bytesToClient = 0;
  /** Connections accepted since the start. */
  accepted = 0;
  /** Replies cut by `cutMidReply`. */
  cuts = 0;

  #listener?: Server;
  #connections = new Set<Connection>();
  #conditions = fairWeather();
  #blackhole = false;

  private constructor(
    readonly port: number,
    readonly targetPort: number,
  ) {}

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), targetPort);
    await proxy.accept();
    return proxy;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Every byte arrives this many milliseconds later, in order. In 'both' directions a round trip takes twice as long. */
  delay(milliseconds: number, direction: Direction | 'both' = 'both'): void {
    setFor(this.#conditions.delay, direction, milliseconds);
  }

  /** At most this many bytes in a second, on each connection. */
  bandwidth(bytesPerSecond: number, direction: Direction | 'both' = 'both'): void {
    setFor(this.#conditions.bytesPerSecond, direction, bytesPerSecond);
  }

  /** Holds all bytes, and the news that a side has closed; new connections are accepted and held too. */
  freeze(direction: Direction | 'both' = 'both'): void {
    setFor(this.#conditions.frozen, direction, true);
  }

  /** Delivers what was held. */
  thaw(): void {
    setFor(this.#conditions.frozen, 'both', false);
    this.#pump();
  }

  /** Whether bytes are held in this direction. */
  holds(direction: Direction): boolean {
    return [...this.#connections].some(({ lanes }) =>
      lanes.some((lane) => lane.direction === direction && lane.waiting > 0),
    );
  }

  /** Swallows all bytes; new connections are accepted and hear nothing. Those connections never recover. */
  blackhole(): void {
    this.#blackhole = true;
    this.swallow();
  }

  /** Swallows all bytes of the open connections, which nobody is told of and which never recover. New ones are fine. */
  swallow(): void {
    for (const { lanes } of this.#connections) for (const lane of lanes) lane.stop();
  }

  /** Lets this many more bytes of replies through, then closes the connection whose reply that was. Once. */
  cutMidReply(bytes: number): void {
    this.#conditions.cutAfter = bytes;
  }

  /** Closes all connections now: with an orderly end, or with the reset (RST) of a crashed host. */
  cut(how: 'end' | 'reset' = 'end'): void {
    for (const connection of this.#connections) this.#drop(connection, how);
  }

  /** New connections are refused; the open ones stay. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.close();
    // The port is closed once the event loop has turned.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** As if the server had gone: refuses new connections and closes the open ones. */
  async goAway(how: 'end' | 'reset' = 'end'): Promise<void> {
    await this.refuse();
    this.cut(how);
  }

  /** New connections are accepted again, on the same port. */
  async accept(): Promise<void> {
    if (this.#listener) return;
    // A side that has closed its half may still read the rest of a reply.
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#join(client));
    this.#listener.listen(this.port, this.host);
    await once(this.#listener, 'listening');
  }

  /** Fair weather again. Connections that lost bytes in a black hole are closed. */
  async reset(): Promise<void> {
    if (this.#blackhole) this.cut();
    this.#blackhole = false;
    // The lanes share this object.
    Object.assign(this.#conditions, fairWeather());
    this.#pump();
    await this.accept();
  }

  async stop(): Promise<void> {
    this.cut();
    await this.refuse();
  }

  #join(client: Socket): void {
    this.accepted += 1;
    const server = connect({ port: this.targetPort, host: this.host, allowHalfOpen: true, noDelay: true });
    const lanes: Connection['lanes'] = [
      new TcpLane('toServer', server, this.#conditions, {
        delivered: (bytes) => (this.bytesToServer += bytes),
        cut: () => undefined,
      }),
      new TcpLane('toClient', client, this.#conditions, {
        delivered: (bytes) => (this.bytesToClient += bytes),
        cut: () => {
          this.cuts += 1;
          this.#drop(connection, 'end');
        },
      }),
    ];
    const connection: Connection = { client, server, lanes };
    this.#connections.add(connection);
    if (this.#blackhole) for (const lane of lanes) lane.stop();
    this.#listen(connection, client, lanes[0]);
    this.#listen(connection, server, lanes[1]);
  }

  #listen(connection: Connection, from: Socket, lane: TcpLane): void {
    from.on('data', (chunk) => lane.push(chunk));
    from.on('end', () => lane.push('end'));
    // 'close' follows and carries the news.
    from.on('error', () => undefined);
    from.on('close', () => {
      lane.push('close');
      if (connection.client.destroyed && connection.server.destroyed) this.#connections.delete(connection);
    });
  }

  #drop(connection: Connection, how: 'end' | 'reset'): void {
    this.#connections.delete(connection);
    for (const lane of connection.lanes) lane.stop();
    connection.server.destroy();
    // destroySoon flushes the half of a reply that was let through.
    if (how === 'reset') connection.client.resetAndDestroy();
    else connection.client.destroySoon();
  }

  #pump(): void {
    for (const { lanes } of this.#connections) for (const lane of lanes) lane.pump();
  }
}

function fairWeather(): Conditions {
  return {
    frozen: { toServer: false, toClient: false },
    delay: { toServer: 0, toClient: 0 },
    bytesPerSecond: { toServer: Infinity, toClient: Infinity },
    cutAfter: undefined,
  };
}

function setFor<T>(setting: Record<Direction, T>, direction: Direction | 'both', value: T): void {
  if (direction !== 'toClient') setting.toServer = value;
  if (direction !== 'toServer') setting.toClient = value;
}
