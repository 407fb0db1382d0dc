import { now } from './clock.js';
import { endSessions, inBatches } from './end-sessions.js';
import { indexValue, storedIndexValue, USER_INDEX } from './index-value.js';
import { readableAttributes } from './readable-attributes.js';
import type { IndexedSession, IndexKey, SessionIndex } from './session-index.js';
import type { SessionPolicy } from './session-policy.js';
import type { SessionStore } from './session-store.js';
import { SessionUsageError } from './session.errors.js';

/** A live session in a list, of a user's devices for example. Contains no secret. */
export interface ListedSession {
  /** Public name of the session, for `SessionRepository.find` and `destroy`. */
  readonly id: string;
  readonly createdAt: Date;
  /** When the session was last used. If its absolute end is near, the earliest moment that this can have been. */
  readonly lastAccessedAt: Date;
  /** When the session ends unless it is used before. */
  readonly expiresAt: Date;
  /** The attributes that the option `listedAttributes` names. One that cannot be read is left out. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

// Somebody who logs in without pause must not keep one call busy for ever. Those logins began after it.
const MOST_PASSES = 5;

/** Finds and ends sessions by their values in an index. */
export class IndexedSessions {
  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionPolicy,
  ) {}

  /** The live sessions with this value, newest use first. */
  async find(name: string, value: string | number): Promise<ListedSession[]> {
    const index = this.#index;
    const found = new Map<string, ListedSession>();
    for (const key of this.#keysOf(name, value)) {
      for await (const ids of index.ids(key)) {
        for (const session of await index.read(key, ids, this.policy.listedAttributes))
          if (isLive(session, this.policy)) found.set(session.id, this.#listed(session));
      }
    }
    return [...found.values()].toSorted((a, b) => b.lastAccessedAt.getTime() - a.lastAccessedAt.getTime());
  }

  /** Ends the sessions with this value, all or all but one. @returns how many */
  async destroy(name: string, value: string | number, except?: string): Promise<number> {
    const index = this.#index;
    let destroyed = 0;
    for (const key of this.#keysOf(name, value)) {
      // First: a session that is being bound meanwhile is found below, or finds this.
      await index.refuseEarlier(key, except);
      for (let pass = 0, ended = -1; pass < MOST_PASSES && ended !== 0; pass++) {
        ended = await destroyListed(index, key, except);
        destroyed += ended;
      }
    }
    return destroyed;
  }

  /** Ends every session of the application. @returns how many */
  async destroyAll(): Promise<number> {
    let destroyed = 0;
    for await (const ids of this.#index.all()) destroyed += (await inBatches(ids, this.#revoke)).length;
    return destroyed;
  }

  readonly #revoke = async (id: string): Promise<boolean> =>
    (await this.store.destroy(id, undefined, 'revoked')) === true;

  get #index(): SessionIndex {
    if (this.store.index !== undefined) return this.store.index;
    throw new SessionUsageError(
      'This SessionStore cannot find sessions: it has no "index". Implement SessionStore.index, or use a store of this package.',
    );
  }

  // With encryption also the plain value, for sessions that were stored before it was turned on.
  #keysOf(index: string, given: string | number): IndexKey[] {
    if (index !== USER_INDEX && !Object.hasOwn(this.policy.indexes, index))
      throw new SessionUsageError(`There is no index "${index}". Name it in the option indexes.`);
    const value = indexValue(index, given);
    if (value === undefined)
      throw new SessionUsageError(`No value for the index "${index}" was given. Pass the value to look for.`);
    const encrypted = this.policy.cipher && storedIndexValue(index, given, true);
    return [value, encrypted].flatMap((text) => (text === undefined ? [] : [{ index, value: text }]));
  }

  #listed({ id, createdAt, endsAt, idleTimeoutInMilliseconds, attributes }: IndexedSession): ListedSession {
    const idle = idleTimeoutInMilliseconds ?? this.policy.idleTimeoutInSeconds * 1000;
    const accessedAt = Math.max(createdAt, Math.min(endsAt - idle, now()));
    return {
      id,
      createdAt: new Date(createdAt),
      lastAccessedAt: new Date(accessedAt),
      expiresAt: new Date(endsAt),
      // One attribute that cannot be read must not make the whole list fail.
      attributes: readableAttributes(id, attributes, this.policy),
    };
  }
}

/** Whether a session that the store has is live for requests: the option may be shorter than when it was stored. */
export function isLive(
  { createdAt, restartedAt = createdAt }: IndexedSession,
  { absoluteTimeoutInSeconds }: SessionPolicy,
): boolean {
  return now() < restartedAt + (absoluteTimeoutInSeconds ?? Infinity) * 1000;
}

/** Ends the sessions that the index lists now. @returns how many */
async function destroyListed(index: SessionIndex, key: IndexKey, except?: string): Promise<number> {
  let destroyed = 0;
  for await (const ids of index.ids(key)) {
    const others = ids.filter((id) => id !== except);
    destroyed += await endSessions(index, key, others);
  }
  return destroyed;
}
