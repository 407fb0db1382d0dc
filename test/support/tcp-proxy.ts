import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.js';
import { TcpLane, type Conditions, type Direction } from './tcp-lane.js';

interface Connection {
  client: Socket;
  server: Socket;
  lanes: [TcpLane, TcpLane];
}

/** A TCP proxy that simulates network faults. It passes bytes on, so TLS works through it. */
export class TcpProxy {
  readonly host = '127.0.0.1';
  /** Bytes that were delivered. */
  bytesToServer = 0;
  bytesToClient = 0;
  /** Connections accepted since the start. */
  accepted = 0;
  /** Replies cut by `cutMidReply`. */
  cuts = 0;

  #listener?: Server;
  #connections = new Set<Connection>();
  #conditions = fairWeather();
  #heldBack: TcpLane[] = [];
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

  /** The open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Delays every byte by this many milliseconds, in order. In 'both' directions a round trip takes twice as long. */
  delay(milliseconds: number, direction: Direction | 'both' = 'both'): void {
    setFor(this.#conditions.delay, direction, milliseconds);
  }

  /** Limits each connection to this many bytes per second. */
  bandwidth(bytesPerSecond: number, direction: Direction | 'both' = 'both'): void {
    setFor(this.#conditions.bytesPerSecond, direction, bytesPerSecond);
  }

  /** Holds all bytes and the ends of connections. New connections are accepted and held, too. */
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

  /**
   * Holds what the open connections send from now on until `deliver()`. A client that has sent something sees its connection
   * reset. New connections work.
   */
  holdBack(): void {
    for (const { client, lanes } of this.#connections) {
      this.#heldBack.push(lanes[0]);
      lanes[0].hold(() => client.resetAndDestroy());
    }
  }

  /** Whether something was held back. */
  get hasHeldBack(): boolean {
    return this.#heldBack.some(({ waiting }) => waiting > 0);
  }

  /** Delivers what was held back. */
  deliver(): void {
    for (const lane of this.#heldBack.splice(0)) lane.release();
  }

  /** Drops all bytes, of new connections, too. These connections never recover. */
  blackhole(): void {
    this.#blackhole = true;
    this.swallow();
  }

  /** Silently drops all bytes of the open connections, which never recover. New connections work. */
  swallow(): void {
    for (const { lanes } of this.#connections) for (const lane of lanes) lane.stop();
  }

  /** Delivers this many more bytes of replies, then closes the connection of that reply. Once. */
  cutMidReply(bytes: number): void {
    this.#conditions.cutAfter = bytes;
  }

  /** Closes all connections, with FIN or, as a crashed host, with RST. */
  cut(how: 'end' | 'reset' = 'end'): void {
    for (const connection of this.#connections) this.#drop(connection, how);
  }

  /** Refuses new connections and keeps the open ones. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.close();
    // The port is closed in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** As if the server had gone: refuses new connections and closes the open ones. */
  async goAway(how: 'end' | 'reset' = 'end'): Promise<void> {
    await this.refuse();
    this.cut(how);
  }

  /** Accepts new connections again, on the same port. */
  async accept(): Promise<void> {
    if (this.#listener) return;
    // A side that has closed its half can still read the rest of a reply.
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#join(client));
    this.#listener.listen(this.port, this.host);
    await once(this.#listener, 'listening');
  }

  /** Ends all faults. Connections that lost bytes in a black hole are closed. */
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
    // 'close' follows and is handled.
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
    // destroySoon flushes the part of a reply that was delivered.
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
