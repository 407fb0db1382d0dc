import { setTimeout as sleep } from 'node:timers/promises';
import { pauseClients } from '../support/faults.js';
import type { RedisServer } from '../support/redis-server.js';
import { replicated } from '../support/replicated.js';
import type { Random } from './random.js';

/** Longer than the replicas take to be in step, and any kill after that. */
const PAUSE_MILLISECONDS = 8000;

/**
 * Makes a master acknowledge nothing more, and waits until its replicas have everything. When it is killed then, whatever
 * it has acknowledged is there after the failover: what is lost, Redis has not lost.
 */
export async function bringInStep(master: RedisServer, replicas: number): Promise<void> {
  await pauseClients(master, PAUSE_MILLISECONDS, 'WRITE');
  await replicated(master, replicas);
}

/** Waits as long as it takes others to notice that a master is dead. */
export function untilNoticed(random: Random): Promise<void> {
  return sleep(random.integer(500, 4000));
}
