import { setTimeout as sleep } from 'node:timers/promises';
import { pauseClients } from '../support/faults.js';
import type { RedisServer } from '../support/redis-server.js';
import { replicated } from '../support/replicated.js';
import type { Random } from './random.js';

/** The master is killed before that: it must acknowledge nothing more, however slow the machine is. */
const PAUSE_MILLISECONDS = 600_000;
const IN_STEP_WITHIN_MILLISECONDS = 60_000;

/**
 * Makes a master acknowledge nothing more, and waits until its replicas have everything. When it is killed then, whatever
 * it has acknowledged is there after the failover: what is lost, Redis has not lost.
 */
export async function bringInStep(master: RedisServer, replicas: number): Promise<void> {
  await pauseClients(master, PAUSE_MILLISECONDS, 'WRITE');
  await replicated(master, replicas, IN_STEP_WITHIN_MILLISECONDS);
}

/** Waits as long as it takes others to notice that a master is dead. */
export function untilNoticed(random: Random): Promise<void> {
  return sleep(random.integer(500, 4000));
}
