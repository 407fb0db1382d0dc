import { randomBytes } from 'node:crypto';
import type { RedisServer } from './redis-server.js';

/** Ends a fault: the server is as before. */
export type Undo = () => Promise<void>;

/** Commands wait this long at the server: all of them (the harness's own too), or those that write. */
export async function pauseClients(server: RedisServer, milliseconds: number, mode: 'ALL' | 'WRITE' = 'ALL') {
  await server.admin.call('CLIENT', 'PAUSE', milliseconds, mode);
}

/** The server forgets its scripts, as after a restart or a failover: EVALSHA answers NOSCRIPT. */
export async function flushScripts(server: RedisServer): Promise<void> {
  await server.admin.script('FLUSH');
}

/** The server closes the connections of all clients but the harness's. */
export async function killConnections(server: RedisServer): Promise<void> {
  await server.admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
}

/** Writes answer OOM; nothing is evicted. */
export async function exhaustMemory(server: RedisServer): Promise<Undo> {
  await server.admin.config('SET', 'maxmemory-policy', 'noeviction');
  await server.admin.config('SET', 'maxmemory', '1');
  return async () => {
    await server.admin.config('SET', 'maxmemory', '0');
  };
}

/** Writes answer READONLY, reads are served: what a client sees that stayed with the old master after a failover. */
export async function makeReadOnly(server: RedisServer): Promise<Undo> {
  // Nobody listens on port 1, so the replica keeps its data.
  await server.admin.replicaof('127.0.0.1', 1);
  return async () => {
    await server.admin.replicaof('NO', 'ONE');
  };
}

/** The user's password is another one from now on, and its connections are closed: WRONGPASS, or NOAUTH without one. */
export async function changePassword(server: RedisServer, user: string, password: string): Promise<void> {
  await server.admin.call('ACL', 'SETUSER', user, 'resetpass', `>${password}`);
  await server.admin.call('CLIENT', 'KILL', 'USER', user);
}

/**
 * Restarts the server with its data, so that it answers LOADING for about this long. (A delay for each key in place of a
 * file of gigabytes; the keys that fill the file are in database 15 and are gone in the end.)
 */
export async function restartLoading(server: RedisServer, milliseconds: number): Promise<void> {
  const keys = 200;
  const filler = server.admin.duplicate({ db: 15 });
  filler.on('error', () => undefined);
  try {
    await Promise.all(
      // A server that loads answers clients after each kilobyte that it has read.
      Array.from({ length: keys }, (_, index) =>
        filler.set(`filler-${index}`, randomBytes(1_200), 'PX', 600_000),
      ),
    );
    await server.admin.save();
  } finally {
    filler.disconnect();
  }
  const delayInMicroseconds = Math.ceil((milliseconds * 1_000) / keys);
  const slowly = [
    '--key-load-delay',
    String(delayInMicroseconds),
    '--loading-process-events-interval-bytes',
    '1024',
  ];
  await server.restart({ args: slowly, until: 'listening' });
}
