import type { SessionRecord } from '../session/session-store.js';
import type { RedisClient } from './session-scripts.js';

/** Reads a session's hash: names and values in turn, none where there is no hash. */
export function readHash(client: RedisClient, key: string): Promise<string[]> {
  // Of `hgetall` the client makes an object that nobody needs; in capitals it does not know the name. Nor do older clients
  // know by that name which argument is the key, which a cluster and a prefix ask for.
  if (client.isCluster || client.options.keyPrefix)
    return client.hgetall(key).then((values) => Object.entries(values).flat());
  return client.call('HGETALL', key) as Promise<string[]>;
}

/** What a session's hash holds. @returns `undefined` for a hash that is not there, or not a session. */
export function recordOf(id: string, hash: readonly string[]): SessionRecord | undefined {
  const attributes = new Map<string, string>();
  let secretHash: string | undefined;
  let createdAt: string | undefined;
  let idle: string | undefined;
  let expires: string | undefined;
  for (let i = 0; i < hash.length; i += 2) {
    const name = hash[i]!;
    const value = hash[i + 1]!;
    if (!name.startsWith(':')) attributes.set(name, value);
    else if (name === ':secret') secretHash = value;
    else if (name === ':created') createdAt = value;
    else if (name === ':idle') idle = value;
    else if (name === ':expires') expires = value;
  }
  if (secretHash === undefined) return undefined;
  return {
    id,
    secretHash,
    createdAt: Number(createdAt),
    idleTimeoutInMilliseconds: idle === undefined ? undefined : Number(idle),
    expiresAt: expires === undefined ? undefined : Number(expires),
    attributes,
  };
}
