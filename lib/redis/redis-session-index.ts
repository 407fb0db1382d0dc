import type { Cluster, Redis } from 'ioredis';
import { isSessionId } from '../session/session-credential.js';
import {
  type IndexedSession,
  type IndexKey,
  REFUSED_FOR_MS,
  type SessionIndex,
} from '../session/session-index.js';
import type { LockRequest } from '../session/session-store.js';
import type { RedisCommands } from './redis-commands.js';
import type { RedisIndexLocks } from './redis-index-locks.js';
import type { RedisSessionLocks } from './redis-session-locks.js';
import type { SessionKeys } from './session-keys.js';
import { indexField } from './session-record.js';
import { sessionScripts } from './session-scripts.js';

// Few enough that Redis serves others within a third of a millisecond (bench/micro/users.mjs), and that a batch ends before
// its deadline.
const ENTRIES_AT_ONCE = 100;
const KEYS_AT_ONCE = 500;
const METADATA = [':created', ':idle', ':restarted'] as const;

/**
 * Indexes in Redis, each value in a sorted set of its own: session ids, scored by when their entries can be removed. The set
 * is in another hash slot than its sessions, so it cannot change together with them.
 */
export class RedisSessionIndex implements SessionIndex {
  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: SessionKeys,
    private readonly locks: RedisSessionLocks,
    private readonly indexLocks: RedisIndexLocks,
    private readonly onDestroyed: (id: string) => void,
  ) {}

  async add(key: IndexKey, id: string, keepInMilliseconds: number): Promise<void> {
    await this.commands.run(
      'index',
      sessionScripts.enlist,
      [this.keys.sessions(key)],
      [id, keepInMilliseconds],
    );
  }

  async remove(key: IndexKey, ids: readonly string[]): Promise<void> {
    for (const some of batches(ids, ENTRIES_AT_ONCE))
      await this.commands.send('index', () => this.commands.client.zrem(this.keys.sessions(key), ...some));
  }

  // ZSCAN finds every entry that is there from its first call to its last, also if others are added and removed.
  async *ids(key: IndexKey): AsyncIterable<readonly string[]> {
    const { client } = this.commands;
    let cursor = '0';
    do {
      const [next, found] = await this.commands.send('find', () =>
        client.zscan(this.keys.sessions(key), cursor, 'COUNT', ENTRIES_AT_ONCE),
      );
      cursor = next;
      yield found.filter((id, place) => place % 2 === 0 && isSessionId(id));
    } while (cursor !== '0');
  }

  async read(
    key: IndexKey,
    ids: readonly string[],
    attributes: readonly string[],
  ): Promise<IndexedSession[]> {
    const found: IndexedSession[] = [];
    for (const some of batches(ids, ENTRIES_AT_ONCE)) {
      const sessions = await this.commands.send('find', () =>
        Promise.all(some.map((id) => this.#read(key, id, attributes))),
      );
      for (const session of sessions) if (session !== undefined) found.push(session);
    }
    return found;
  }

  async destroy({ index, value }: IndexKey, id: string): Promise<boolean> {
    const keys = [this.keys.data(id)];
    const reply = await this.commands.run('destroy', sessionScripts.destroy, keys, [
      indexField(index),
      value,
    ]);
    if (reply !== 1) return false;
    this.onDestroyed(id);
    // As with every destroy: nobody can write under the lock any more.
    this.locks.drop(id).catch(() => undefined);
    return true;
  }

  async refuseEarlier(key: IndexKey, except = ''): Promise<void> {
    await this.commands.send('destroy', () =>
      this.commands.client.set(this.keys.refused(key), except, 'PX', REFUSED_FOR_MS),
    );
  }

  async refusedAgo(key: IndexKey, id: string): Promise<number | undefined> {
    const refused = this.keys.refused(key);
    const { client } = this.commands;
    const [except, left] = await this.commands.send('index', () =>
      Promise.all([client.get(refused), client.pttl(refused)]),
    );
    // One less, because Redis counts whole milliseconds.
    return except === null || except === id || left < 0 ? undefined : Math.max(0, REFUSED_FOR_MS - left - 1);
  }

  lock(key: IndexKey, lock: LockRequest): Promise<boolean> {
    return this.indexLocks.take(key, lock);
  }

  unlock(key: IndexKey, token: string): Promise<boolean> {
    return this.indexLocks.release(key, token);
  }

  async *all(): AsyncIterable<readonly string[]> {
    for (const node of this.#nodes) yield* this.#scan(node);
    const { client } = this.commands;
    if (!client.isCluster) return;
    // Again: a slot can have moved to a node that had been read, or that has joined since.
    await this.commands.send('find', () => refreshed(client as Cluster));
    for (const node of this.#nodes) yield* this.#scan(node);
  }

  /** How many batches `all` returns, about. @returns `undefined` if Redis does not tell */
  async scanLength(): Promise<number | undefined> {
    try {
      const sizes = await this.commands.send('find', () =>
        Promise.all(this.#nodes.map((node) => node.dbsize())),
      );
      const once = sizes.reduce((sum, keys) => sum + Math.ceil(keys / KEYS_AT_ONCE), 0);
      return this.commands.client.isCluster ? 2 * once : once;
    } catch {
      return undefined;
    }
  }

  get #nodes(): Redis[] {
    const { client } = this.commands;
    return client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];
  }

  async *#scan(node: Redis): AsyncIterable<readonly string[]> {
    const pattern = this.keys.allData(this.commands.client.options.keyPrefix);
    let cursor = '0';
    do {
      const [next, found] = await this.commands.send('find', () =>
        node.scan(cursor, 'MATCH', pattern, 'COUNT', KEYS_AT_ONCE),
      );
      cursor = next;
      yield found.map((key) => this.keys.idIn(key)).filter(isSessionId);
    } while (cursor !== '0');
  }

  // Two commands in one turn instead of a script, which takes Redis longer.
  async #read(
    { index, value }: IndexKey,
    id: string,
    attributes: readonly string[],
  ): Promise<IndexedSession | undefined> {
    const data = this.keys.data(id);
    const { client } = this.commands;
    const [fields, endsAt] = await Promise.all([
      client.hmget(data, indexField(index), ...METADATA, ...attributes),
      client.pexpiretime(data),
    ]);
    const [found, createdAt, idle, restarted, ...texts] = fields;
    // The session may have expired between the two commands.
    if (found !== value || endsAt < 0) return undefined;
    const named = attributes.map((name, place) => [name, texts[place]] as const);
    return {
      id,
      createdAt: Number(createdAt),
      restartedAt: restarted == null ? undefined : Number(restarted),
      idleTimeoutInMilliseconds: idle == null ? undefined : Number(idle),
      endsAt,
      attributes: new Map(named.filter((entry): entry is [string, string] => entry[1] != null)),
    };
  }
}

function* batches<T>(all: readonly T[], size: number): Iterable<readonly T[]> {
  for (let first = 0; first < all.length; first += size) yield all.slice(first, first + size);
}

/** Asks which nodes the cluster has now. */
function refreshed(client: Cluster): Promise<void> {
  return new Promise((resolve, reject) => {
    client.refreshSlotsCache((error) => (error ? reject(error) : resolve()));
  });
}
