import type { RedisServer } from '../support/redis-server.js';
import type { Fault } from './fault.js';
import { ClusterTopology } from './cluster-topology.js';
import { SentinelTopology } from './sentinel-topology.js';
import { SingleTopology } from './single-topology.js';
import type { TopologyName } from './soak-arguments.js';

/** The Redis of a soak, whichever shape it has. */
export interface Topology {
  /** Every server that an application may connect to. */
  readonly nodes: readonly RedisServer[];
  /** What an application is told of it: options of the module. */
  readonly connection: object;
  /** The server that has this key now. */
  masterOf(key: string): Promise<RedisServer>;
  /** Those that serve writes now. */
  masters(): Promise<RedisServer[]>;
  /** What can go wrong there; `keys` gives the keys in use. None of them loses what was acknowledged. */
  faults(keys: () => string[]): Fault[];
  stop(): Promise<void>;
}

export function startTopology(name: TopologyName): Promise<Topology> {
  if (name === 'single') return SingleTopology.start();
  return name === 'sentinel' ? SentinelTopology.start() : ClusterTopology.start();
}
