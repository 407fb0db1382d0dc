import * as faults from '../support/faults.js';
import type { RedisServer } from '../support/redis-server.js';
import { shortFault, type Fault } from './fault.js';
import type { Random } from './random.js';

/** What can go wrong with Redis. It keeps what it has acknowledged: every write is in its append-only file. */
export function serverFaults(server: RedisServer, account: { username: string; accessKey: string }): Fault[] {
  const pause = async (mode: 'ALL' | 'WRITE', random: Random): Promise<void> => {
    await faults.pauseClients(server, random.integer(20, 300), mode);
  };
  return [
    { name: 'redis: CLIENT PAUSE ALL', run: (random) => pause('ALL', random) },
    { name: 'redis: CLIENT PAUSE WRITE', run: (random) => pause('WRITE', random) },
    { name: 'redis: SCRIPT FLUSH', weight: 2, run: () => faults.flushScripts(server) },
    { name: 'redis: CLIENT KILL', run: () => faults.killConnections(server) },
    shortFault('redis: out of memory', () => faults.exhaustMemory(server)),
    shortFault('redis: READONLY', () => faults.makeReadOnly(server)),
    shortFault('redis: password changed', async () => {
      const { username, accessKey } = account;
      await faults.changePassword(server, username, `not-${accessKey}`);
      return () => faults.changePassword(server, username, accessKey);
    }),
    shortFault('redis: stopped', async () => {
      server.freeze();
      return async () => server.thaw();
    }),
    { name: 'redis: killed, restarted', run: () => server.restart() },
  ];
}
