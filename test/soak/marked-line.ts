import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../support/free-port.js';
import type { Random } from './random.js';

/** What a marked write meets on the line. `lose`: exactly its reply is lost. `late`: it arrives long after the client gave up. */
export const marks = ['lose', 'late'] as const;
export type Mark = (typeof marks)[number];

const MARKED = /"[^"]*~(lose|late) ([\w-]+)~"/;
const LATE_AFTER_MILLISECONDS = 300;

/** What the lines of one application have in common. */
export interface MarkedTraffic {
  /** The marks that have passed. */
  readonly met: Set<string>;
  readonly random: Random;
  /** How late a write arrives at most. */
  readonly lateWithin: number;
  readonly count: (name: string) => void;
}

/** The text of an attribute that makes the line lose the reply of its write, or deliver it late: the first time that it passes. */
export function marked(text: string, mark: Mark, operation: string): string {
  return `${text}~${mark} ${operation}~`;
}

/** The lines of one application to one server. A write that is sent again passes. */
export class MarkedLine {
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly port: number,
    private readonly targetPort: number,
    private readonly server: Server,
    private readonly traffic: MarkedTraffic,
  ) {
    server.on('connection', (client: Socket) => this.#join(client));
  }

  static async start(targetPort: number, traffic: MarkedTraffic): Promise<MarkedLine> {
    const port = await freePort();
    const server = createServer({ noDelay: true });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new MarkedLine(port, targetPort, server, traffic);
  }

  stop(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    const server = connect({ port: this.targetPort, host: '127.0.0.1', noDelay: true });
    let losing = false;
    for (const socket of [client, server]) this.#keep(socket);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
    server.on('data', (chunk) => (losing ? client.resetAndDestroy() : client.write(chunk)));
    client.on('data', (chunk) => {
      const mark = this.#markIn(chunk);
      if (mark === 'late') return this.#deliverLate(client, server, chunk);
      losing ||= mark === 'lose';
      server.write(chunk);
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // 'close' follows.
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
  }

  #markIn(chunk: Buffer): Mark | undefined {
    const { met, count } = this.traffic;
    const [text, mark, operation] = MARKED.exec(chunk.toString('latin1')) ?? [];
    if (text === undefined || met.has(text)) return undefined;
    met.add(text);
    count(`line: ${mark === 'lose' ? 'reply lost of' : 'delivered late:'} ${operation}`);
    return mark as Mark;
  }

  /** The client hears at once that its line is gone; what it has sent still travels. */
  #deliverLate(client: Socket, server: Socket, chunk: Buffer): void {
    client.removeAllListeners('close').removeAllListeners('data').resetAndDestroy();
    const { random, lateWithin } = this.traffic;
    const after = random.integer(LATE_AFTER_MILLISECONDS, lateWithin);
    // To a server that was restarted since, nothing arrives any more.
    setTimeout(() => server.destroyed || server.end(chunk), after).unref();
  }
}
