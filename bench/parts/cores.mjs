import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

// The server has its own core. Redis, the proxy and the load generator share the other.
const cores = { server: '0', load: '1' };

/** Pins a command to the core of its role, if the machine supports it. */
export function pinned(role, command, args) {
  return canPin ? ['taskset', ['-c', cores[role], command, ...args]] : [command, args];
}

/** Which process ran on which core. */
export const layout = canPin
  ? `server on core ${cores.server}; Redis, proxy and load on core ${cores.load}`
  : 'not pinned: taskset is missing, or there is only one core';
