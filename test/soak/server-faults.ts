import * as faults from '../support/faults.js';
import type { RedisServer } from '../support/redis-server.js';
import { aWhile, lastingFault, type Fault } from './fault.js';
import type { Random } from './random.js';

/** What can go wrong with Redis. It keeps what it has acknowledged: every write is in its append-only file. */
export function serverFaults(server: RedisServer, account: { username: string; accessKey: string }): Fault[] {
  const pause = async (mode: 'ALL' | 'WRITE', random: Random): Promise<void> => {
    await faults.pauseClients(server, random.integer(20, 300), mode);
  };
  const stopped = async (): Promise<() => void> => {
    server.freeze();
    return () => server.thaw();
  };
  return [
    { name: 'redis: CLIENT PAUSE ALL', weight: 3, run: (random) => pause('ALL', random) },
    { name: 'redis: CLIENT PAUSE WRITE', weight: 3, run: (random) => pause('WRITE', random) },
    { name: 'redis: SCRIPT FLUSH', weight: 6, run: () => faults.flushScripts(server) },
    { name: 'redis: CLIENT KILL', weight: 3, run: () => faults.killConnections(server) },
    lastingFault('redis: out of memory', () => faults.exhaustMemory(server)),
    lastingFault('redis: READONLY', () => faults.makeReadOnly(server)),
    lastingFault('redis: password changed', async () => {
      const { username, accessKey } = account;
      await faults.changePassword(server, username, `not-${accessKey}`);
      return () => faults.changePassword(server, username, accessKey);
    }),
    lastingFault('redis: stopped', stopped),
    lastingFault('redis: stopped for seconds', stopped, aWhile),
    { name: 'redis: killed, restarted', weight: 3, run: () => server.restart() },
  ];
}
