import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';

/** Passes everything on to a server, and makes it say that it is of another version. */
export async function pretending(port: number, version: string, own = 0): Promise<Server> {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      // The length of the reply stays as it is.
      const changed = text.replace(/redis_version:(\S+)/, (line) =>
        `redis_version:${version}`.padEnd(line.length, '0'),
      );
      client.write(Buffer.from(changed, 'latin1'));
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  }).listen(own, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
