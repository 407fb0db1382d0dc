import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { dataKey } from './soak-options.js';
import type { Topology } from './topology.js';

const ANSWERS_WITHIN_MILLISECONDS = 5000;

/** Looks at sessions in Redis itself. A server that is away shows nothing. */
export class StoredSessions {
  constructor(private readonly topology: Topology) {}

  /** @returns milliseconds; negative where there is no session */
  expiry(id: string): Promise<number | undefined> {
    return this.#look(id, (redis, key) => redis.pttl(key));
  }

  /** @returns the hash of its secret; `undefined` if there is no session */
  async secretHash(id: string): Promise<string | undefined> {
    return (await this.#look(id, (redis, key) => redis.hget(key, ':secret'))) ?? undefined;
  }

  /** Whose secret is stored: the one of this credential, another one, or none. */
  async holds(id: string, credential: string): Promise<'this secret' | 'another secret' | undefined> {
    const stored = await this.secretHash(id);
    if (stored === undefined) return undefined;
    return stored === hashOf(credential) ? 'this secret' : 'another secret';
  }

  async #look<T>(id: string, ask: (redis: Redis, key: string) => Promise<T>): Promise<T | undefined> {
    const key = dataKey(id);
    const answer = this.topology.masterOf(key).then((master) => ask(master.admin, key));
    const over = new AbortController();
    const tooLate = sleep(ANSWERS_WITHIN_MILLISECONDS, undefined, { signal: over.signal });
    const found = await Promise.race([answer.catch(none), tooLate.catch(none)]);
    over.abort();
    return found;
  }
}

/** What Redis holds of a credential's secret. */
export function hashOf(credential: string): string {
  return createHash('sha256').update(credential.split('.')[1]!).digest('base64url');
}

function none(): undefined {}
