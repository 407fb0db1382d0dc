import type { Cluster, Redis } from 'ioredis';
import { once } from 'node:events';
import type { RedisClient } from './session-scripts.js';

/**
 * Waits until a client that was handed in has connected, if it is about to, but no longer than this: without an offline
 * queue it refuses what is sent earlier. Never rejects.
 */
export async function whenReady(client: RedisClient, milliseconds: number): Promise<void> {
  if (!/^(connecting|connect|reconnecting)$/.test(client.status)) return;
  await once(client, 'ready', { signal: AbortSignal.timeout(milliseconds) }).catch(() => undefined);
}

/**
 * What a client that was handed in does behind the module's back: it sends commands again, or late, whose operation was
 * refused. @returns a warning with the settings to change; `undefined` if the client sends nothing by itself.
 */
export function warningOfResending(client: RedisClient): string | undefined {
  const settings = settingsAgainstResending(client);
  if (settings.length === 0) return undefined;
  return (
    'The client that was handed in sends commands again, or late, by itself: a change that was answered with 503 ' +
    `can still be stored later, over newer ones. Create the client with { ${settings.join(', ')} }.`
  );
}

function settingsAgainstResending(client: RedisClient): string[] {
  const settings: string[] = [];
  if (client.options.enableOfflineQueue !== false) settings.push('enableOfflineQueue: false');
  if (client.isCluster) {
    const { retryDelayOnFailover, retryDelayOnClusterDown } = (client as Cluster).options;
    if (retryDelayOnFailover !== 0) settings.push('retryDelayOnFailover: 0');
    if (retryDelayOnClusterDown !== 0) settings.push('retryDelayOnClusterDown: 0');
  } else if ((client as Redis).options.autoResendUnfulfilledCommands !== false)
    settings.push('autoResendUnfulfilledCommands: false');
  return settings;
}
