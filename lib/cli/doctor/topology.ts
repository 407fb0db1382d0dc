import type { CheckedServer } from './checked-server.js';
import type { Finding } from './finding.js';

const NAME = 'topology';

/** Whether the client is of the same kind as the server. */
export async function checkTopology(server: CheckedServer, hasClusterClient: boolean): Promise<Finding> {
  const mode = await server.info('redis_mode');
  if (mode === undefined)
    return {
      name: NAME,
      status: 'unknown',
      seen: 'could not check: INFO does not show redis_mode',
      todo: '',
    };
  if (mode === 'cluster' && !hasClusterClient)
    return {
      name: NAME,
      status: 'problem',
      seen: 'the server is a node of a Redis Cluster, and the options describe a single server: it refuses the sessions of other nodes (MOVED)',
      todo: 'Set cluster.nodes (REDIS_SESSION_CLUSTER_NODES) in place of host and port.',
    };
  return {
    name: NAME,
    status: 'ok',
    seen: hasClusterClient ? 'a Redis Cluster' : `one server (${mode})`,
    todo: '',
  };
}

/** Why a cluster client cannot connect. @returns `undefined` if the server is no single one */
export function clusterOnSingle(reason: string): Finding | undefined {
  if (!/cluster support disabled/i.test(reason)) return undefined;
  return {
    name: NAME,
    status: 'problem',
    seen: 'the options describe a Redis Cluster, and the server is a single one',
    todo: 'Remove cluster.nodes (REDIS_SESSION_CLUSTER_NODES), and set host and port.',
  };
}
