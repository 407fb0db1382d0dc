import { createServer } from 'node:net';

// Below every system's range of ephemeral ports, so that no outgoing connection takes the port of a server that is
// down for a moment; a node's cluster bus (+10000) then lies in 20000–29999, where no other server is.
const FIRST = 10_000;
const SLICE = 1_000;
const BUS = 10_000;
const LOWEST_OF_THIS_WORKER = FIRST + (Number(process.env.JEST_WORKER_ID ?? 0) % 10) * SLICE;

let next = Math.floor(Math.random() * SLICE);

/**
 * A loopback port that nobody listens on, with its cluster bus port free too. Each Jest worker draws from ports of its
 * own, so a test may stop a server and start it again on the same port.
 */
export async function freePort(attempts = SLICE): Promise<number> {
  if (attempts === 0) throw new Error(`No free port from ${LOWEST_OF_THIS_WORKER} on, ${SLICE} were tried.`);
  const port = LOWEST_OF_THIS_WORKER + (next++ % SLICE);
  return (await isFree(port)) && (await isFree(port + BUS)) ? port : freePort(attempts - 1);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
