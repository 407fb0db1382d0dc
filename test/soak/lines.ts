import { TcpProxy } from '../support/tcp-proxy.js';
import { MarkedLine, type MarkedTraffic } from './marked-line.js';
import type { Topology } from './topology.js';

/** Everything that lies between one application and the servers of Redis. */
export class Lines {
  #marked: MarkedLine[] = [];
  #ports: Record<number, number> = {};

  private constructor(readonly proxies: readonly TcpProxy[]) {}

  static async start({ nodes }: Topology, traffic: MarkedTraffic): Promise<Lines> {
    const lines = new Lines(await Promise.all(nodes.map(({ port }) => TcpProxy.start(port))));
    const marked = lines.proxies.map(({ port }) => MarkedLine.start(port, traffic));
    lines.#marked = await Promise.all(marked);
    lines.#ports = Object.fromEntries(nodes.map(({ port }, index) => [port, lines.#marked[index]!.port]));
    return lines;
  }

  /** Which port leads to that of a server. */
  get ports(): Readonly<Record<number, number>> {
    return this.#ports;
  }

  async stop(): Promise<void> {
    for (const line of this.#marked) line.stop();
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
  }
}
