import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

// The server has a core of its own; Redis, the proxy and the load share the other.
const cores = { server: '0', load: '1' };

/** A command line that stays on the core of its role, where the machine can do that. */
export function pinned(role, command, args) {
  return canPin ? ['taskset', ['-c', cores[role], command, ...args]] : [command, args];
}

/** Says where things ran. */
export const layout = canPin
  ? `server on core ${cores.server}; Redis, proxy and load on core ${cores.load}`
  : 'not pinned: taskset is not there, or there is one core only';
