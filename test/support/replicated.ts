import { eventually } from './eventually.js';
import type { RedisServer } from './redis-server.js';

/** Resolves when this many replicas have received all writes acknowledged so far. */
export async function replicated(master: RedisServer, replicas: number, within = 5_000): Promise<void> {
  const offset = Number(/master_repl_offset:(\d+)/.exec(await master.admin.info('replication'))?.[1]);
  const inStep = async (): Promise<boolean> => {
    const info = await master.admin.info('replication');
    const reached = [...info.matchAll(/^slave\d+:.*offset=(\d+)/gm)].filter(([, at]) => Number(at) >= offset);
    return reached.length >= replicas;
  };
  await eventually(inStep, { within });
}
