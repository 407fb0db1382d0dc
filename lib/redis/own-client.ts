import type { Cluster, Redis } from 'ioredis';
import { once } from 'node:events';
import type { RedisClient } from './session-scripts.js';

/**
 * Waits until an application's client is ready, if it is connecting: without an offline queue it refuses earlier commands.
 * Never rejects.
 * @param connects whether a client that connects with its first command connects now
 */
export async function whenReady(client: RedisClient, milliseconds: number, connects: boolean): Promise<void> {
  if (connects && client.status === 'wait') client.connect().catch(() => undefined);
  if (!/^(connecting|connect|reconnecting)$/.test(client.status)) return;
  await once(client, 'ready', { signal: AbortSignal.timeout(milliseconds) }).catch(() => undefined);
}

/**
 * Checks an application's client for settings that resend or delay commands after their operation has failed.
 * @returns a warning with the settings to change; `undefined` if there are none
 */
export function warningOfResending(client: RedisClient): string | undefined {
  const settings = settingsAgainstResending(client);
  if (settings.length === 0) return undefined;
  return (
    'The ioredis client in the option "client" resends or delays commands: a change that was answered with 503 ' +
    `can be stored later and overwrite newer changes. Create the client with { ${settings.join(', ')} }.`
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
