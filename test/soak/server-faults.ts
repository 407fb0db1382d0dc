import * as faults from '../support/faults.js';
import type { RedisServer } from '../support/redis-server.js';
import { aWhile, lastingFault, type Fault } from './fault.js';
import type { Random } from './random.js';

/** What can go wrong with the server that serves writes, or with one of those. */
export function masterFaults(master: (random: Random) => Promise<RedisServer>): Fault[] {
  const pause = async (mode: 'ALL' | 'WRITE', random: Random): Promise<void> => {
    await faults.pauseClients(await master(random), random.integer(20, 300), mode);
  };
  return [
    { name: 'redis: CLIENT PAUSE ALL', weight: 3, run: (random) => pause('ALL', random) },
    { name: 'redis: CLIENT PAUSE WRITE', weight: 3, run: (random) => pause('WRITE', random) },
    {
      name: 'redis: SCRIPT FLUSH',
      weight: 6,
      run: async (random) => faults.flushScripts(await master(random)),
    },
    {
      name: 'redis: CLIENT KILL',
      weight: 3,
      run: async (random) => faults.killConnections(await master(random)),
    },
    lastingFault('redis: out of memory', async (random) => faults.exhaustMemory(await master(random))),
    lastingFault('redis: stopped', async (random) => stopped(await master(random))),
  ];
}

/** What can go wrong with a server that stands alone. It keeps what it has acknowledged. */
export function singleServerFaults(
  server: RedisServer,
  account: { username: string; accessKey: string },
): Fault[] {
  return [
    lastingFault('redis: READONLY', () => faults.makeReadOnly(server)),
    lastingFault('redis: password changed', async () => {
      const { username, accessKey } = account;
      await faults.changePassword(server, username, `not-${accessKey}`);
      return () => faults.changePassword(server, username, accessKey);
    }),
    lastingFault('redis: stopped for seconds', () => stopped(server), aWhile),
    { name: 'redis: killed, restarted', weight: 3, run: () => server.restart() },
  ];
}

function stopped(server: RedisServer): Promise<() => void> {
  server.freeze();
  return Promise.resolve(() => server.thaw());
}
