import {
  type IndexedSession,
  type IndexKey,
  REFUSED_FOR_MS,
  type SessionIndex,
} from '../session/session-index.js';
import type { LockRequest, SessionRecord } from '../session/session-store.js';
import { InMemoryLocks } from './in-memory-locks.js';

/** What the index needs of the store. */
export interface InMemorySessions {
  readonly now: () => number;
  /** The ids of all sessions, including some that have expired. */
  ids(): string[];
  find(id: string): { readonly record: SessionRecord; readonly endsAt: number } | undefined;
  destroy(id: string): Promise<unknown>;
}

interface Refusal {
  readonly at: number;
  readonly except: string | undefined;
}

/** Finds sessions in memory by looking at all of them, so it keeps no entries. */
export class InMemorySessionIndex implements SessionIndex {
  readonly #refusals = new Map<string, Refusal>();

  readonly #locks: InMemoryLocks;

  constructor(private readonly sessions: InMemorySessions) {
    this.#locks = new InMemoryLocks(sessions.now);
  }

  async add(): Promise<void> {
    // Nothing to note.
  }

  async remove(): Promise<void> {
    // Nothing was noted.
  }

  async *ids(key: IndexKey): AsyncIterable<readonly string[]> {
    yield this.sessions.ids().filter((id) => this.#has(key, id));
  }

  async read(
    key: IndexKey,
    ids: readonly string[],
    attributes: readonly string[],
  ): Promise<IndexedSession[]> {
    const live = ids.filter((id) => this.#has(key, id)).map((id) => this.sessions.find(id)!);
    return live.map(({ record, endsAt }) => ({
      id: record.id,
      createdAt: record.createdAt,
      restartedAt: record.restartedAt,
      idleTimeoutInMilliseconds: record.idleTimeoutInMilliseconds,
      endsAt,
      attributes: new Map([...record.attributes].filter(([name]) => attributes.includes(name))),
    }));
  }

  async destroy(key: IndexKey, id: string): Promise<boolean> {
    if (!this.#has(key, id)) return false;
    await this.sessions.destroy(id);
    return true;
  }

  async refuseEarlier(key: IndexKey, except?: string): Promise<void> {
    const now = this.sessions.now();
    for (const [name, { at }] of this.#refusals) if (now - at > REFUSED_FOR_MS) this.#refusals.delete(name);
    this.#refusals.set(nameOf(key), { at: now, except });
  }

  async refusedAgo(key: IndexKey, id: string): Promise<number | undefined> {
    const refusal = this.#refusals.get(nameOf(key));
    if (refusal === undefined || refusal.except === id) return undefined;
    const ago = this.sessions.now() - refusal.at;
    return ago > REFUSED_FOR_MS ? undefined : Math.max(0, ago - 1);
  }

  lock(key: IndexKey, lock: LockRequest): Promise<boolean> {
    return this.#locks.wait(nameOf(key), lock, () => true);
  }

  async unlock(key: IndexKey, token: string): Promise<boolean> {
    return this.#locks.release(nameOf(key), token);
  }

  async *all(): AsyncIterable<readonly string[]> {
    yield this.sessions.ids();
  }

  #has({ index, value }: IndexKey, id: string): boolean {
    return this.sessions.find(id)?.record.indexed?.get(index) === value;
  }
}

function nameOf({ index, value }: IndexKey): string {
  return `${index} ${value}`;
}
