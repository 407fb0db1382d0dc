import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { luaSources } from './lua/sources.js';

/** A client for one server, a Sentinel group or a cluster. */
export type RedisClient = Redis | Cluster;

/** A Lua script and its SHA-1, by which Redis caches it. */
export interface SessionScript {
  readonly lua: string;
  readonly sha: string;
}

/** The scripts. The header of each file documents its keys, arguments and replies. */
export const sessionScripts = {
  create: script('create'),
  createPlain: script('create-plain'),
  save: script('hand-over', 'lifetime', 'authenticate', 'save'),
  savePlain: script('lifetime', 'save-plain'),
  touch: script('lifetime', 'touch'),
  destroy: script('destroy'),
  bindDevice: script('bind-device'),
  enlist: script('enlist'),
  claimDue: script('claim-due'),
  wait: script('wait'),
  renew: script('renew'),
  release: script('hand-over', 'release'),
  drop: script('drop'),
};

/** Runs a script by its SHA-1. Sends its text only if the server has not cached it. */
export async function runScript(
  client: RedisClient,
  { lua, sha }: SessionScript,
  keys: string[],
  args: (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
    return client.eval(lua, keys.length, ...keys, ...args);
  }
}

function script(...files: (keyof typeof luaSources)[]): SessionScript {
  const lua = files.map((file) => luaSources[file]).join('\n');
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}
