import { randomBytes } from 'node:crypto';
import type { RedisServer } from './redis-server.js';

/** Ends a fault and restores the server. */
export type Undo = () => Promise<void>;

/** Commands wait this long at the server: all of them (the harness's own too), or those that write. */
export async function pauseClients(server: RedisServer, milliseconds: number, mode: 'ALL' | 'WRITE' = 'ALL') {
  await server.admin.call('CLIENT', 'PAUSE', milliseconds, mode);
}

/** Empties the script cache, as a restart or a failover does: EVALSHA fails with NOSCRIPT. */
export async function flushScripts(server: RedisServer): Promise<void> {
  await server.admin.script('FLUSH');
}

/** The server closes the connections of all clients but the harness's. */
export async function killConnections(server: RedisServer): Promise<void> {
  await server.admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
}

/** Writes fail with OOM, and nothing is evicted. */
export async function exhaustMemory(server: RedisServer): Promise<Undo> {
  await server.admin.config('SET', 'maxmemory-policy', 'noeviction');
  await server.admin.config('SET', 'maxmemory', '1');
  return async () => {
    await server.admin.config('SET', 'maxmemory', '0');
  };
}

/** Writes fail with READONLY and reads are served, as by an old master after a failover. */
export async function makeReadOnly(server: RedisServer): Promise<Undo> {
  // Nothing listens on port 1, so the replica keeps its data.
  await server.admin.replicaof('127.0.0.1', 1);
  return async () => {
    await server.admin.replicaof('NO', 'ONE');
  };
}

/** Changes the user's password and closes its connections: WRONGPASS, or NOAUTH without a password. */
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
      // A loading server replies to clients after each kilobyte.
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
