import { createClient } from 'redis';

/** A node-redis client, for which connect-redis is made. */
export function connectedClient(port) {
  const client = createClient({ socket: { port, host: '127.0.0.1' } });
  client.on('error', () => undefined);
  return client.connect();
}
