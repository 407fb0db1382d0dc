import type { PreviousSecret, SessionRecord } from '../session/session-store.js';
import type { RedisClient } from './session-scripts.js';

/** Reads a session's hash. @returns names and values in turn, or an empty array if the hash does not exist */
export function readHash(client: RedisClient, key: string): Promise<string[]> {
  // `call('HGETALL')` skips the object that ioredis builds for `hgetall`. Clusters and key prefixes need `hgetall`, because
  // older clients do not know which argument of 'HGETALL' is the key.
  if (client.isCluster || client.options.keyPrefix)
    return client.hgetall(key).then((values) => Object.entries(values).flat());
  return client.call('HGETALL', key) as Promise<string[]>;
}

/** Parses a session's hash. @returns `undefined` if it is empty or not a session */
export function recordOf(id: string, hash: readonly string[]): SessionRecord | undefined {
  const attributes = new Map<string, string>();
  let secretHash: string | undefined;
  let createdAt: string | undefined;
  let idle: string | undefined;
  let expires: string | undefined;
  let authenticated: string | undefined;
  let restarted: string | undefined;
  let previous: string | undefined;
  let indexed: Map<string, string> | undefined;
  let device: string | undefined;
  let schema: string | undefined;
  for (let i = 0; i < hash.length; i += 2) {
    const name = hash[i]!;
    const value = hash[i + 1]!;
    if (!name.startsWith(':')) attributes.set(name, value);
    else if (name === ':secret') secretHash = value;
    else if (name === ':created') createdAt = value;
    else if (name === ':idle') idle = value;
    else if (name === ':expires') expires = value;
    else if (name === ':authenticated') authenticated = value;
    else if (name === ':restarted') restarted = value;
    else if (name === ':previous') previous = value;
    else if (name === ':device') device = value;
    else if (name === ':schema') schema = value;
    else if (isIndexField(name)) (indexed ??= new Map()).set(indexOf(name), value);
  }
  if (secretHash === undefined) return undefined;
  return {
    id,
    secretHash,
    createdAt: Number(createdAt),
    idleTimeoutInMilliseconds: idle === undefined ? undefined : Number(idle),
    expiresAt: expires === undefined ? undefined : Number(expires),
    authenticatedAt: authenticated === undefined ? undefined : Number(authenticated),
    restartedAt: restarted === undefined ? undefined : Number(restarted),
    attributes,
    previous: previous === undefined ? undefined : previousOf(previous),
    indexed,
    device,
    schemaVersion: schema === undefined ? undefined : Number(schema),
  };
}

function previousOf(text: string): PreviousSecret {
  const [secretHash = '', readsUntil] = text.split('.');
  return { secretHash, readsUntil: Number(readsUntil) };
}

const OTHER_INDEX = ':by:';

/** The field that holds the value which a session has in an index. */
export function indexField(index: string): string {
  return index === 'user' ? ':user' : OTHER_INDEX + index;
}

function isIndexField(name: string): boolean {
  return name === ':user' || name.startsWith(OTHER_INDEX);
}

function indexOf(field: string): string {
  return field === ':user' ? 'user' : field.slice(OTHER_INDEX.length);
}
