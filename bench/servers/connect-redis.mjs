import { createClient } from 'redis';

/** The client that connect-redis is made for. */
export function connectedClient(port) {
  const client = createClient({ socket: { port, host: '127.0.0.1' } });
  client.on('error', () => undefined);
  return client.connect();
}
