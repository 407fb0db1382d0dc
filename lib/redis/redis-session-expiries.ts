import { setTimeout as delay } from 'node:timers/promises';
import { isSessionId } from '../session/session-credential.js';
import type { ExpiredSession, SessionExpiries } from '../session/session-expiries.js';
import type { NewSessionRecord, SessionChanges } from '../session/session-store.js';
import { now } from '../session/clock.js';
import type { RedisCommands } from './redis-commands.js';
import { EXPIRY_SHARDS, type SessionKeys } from './session-keys.js';
import { sessionScripts } from './session-scripts.js';

const AT_ONCE = 100;
// Bound one sweep, so that it ends before its claims do.
const MOST_PASSES = 100;
const MOST_GONE = 1000;
// Longer than a process needs for what it has taken. If it ends before, another one takes the sessions after this.
const CLAIM_MS = 60_000;
// A destroy removes the session first and its entry then. Longer than this takes, so that no destroyed session is reported.
const SETTLE_MS = 1000;
// How long the attributes of a session outlive it if no process looks for it.
const KEEP_MS = 31 * 24 * 3_600_000;

/**
 * Sorted sets of session ids, scored by the earliest moment at which the session can have expired. A request that reads or
 * touches a session writes nothing here: who finds its entry due and the session alive gives the entry a later score.
 */
export class RedisSessionExpiries implements SessionExpiries {
  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: SessionKeys,
    private readonly kept: readonly string[],
  ) {}

  /** Notes a session that was created. Never rejects. */
  async created(session: NewSessionRecord, createdAt: number): Promise<void> {
    const { id, absoluteTimeoutInMilliseconds = Infinity } = session;
    const idle = session.idleTimeoutInMilliseconds ?? session.defaultIdleTimeoutInMilliseconds;
    const endsAt = createdAt + Math.min(idle, absoluteTimeoutInMilliseconds);
    const { client } = this.commands;
    await Promise.all([
      this.#send(() => client.zadd(this.keys.expiries(id), endsAt, id)),
      this.#keep(id, session.attributes, idle),
    ]);
  }

  /** Notes what a save changed. Never rejects. */
  async saved(id: string, changes: SessionChanges): Promise<void> {
    const { idleTimeoutInMilliseconds: idle, attributes } = changes;
    const { client } = this.commands;
    // XX: the session may have been destroyed meanwhile. LT: a later end is found when the entry is due.
    if (idle !== undefined)
      void this.#send(() => client.zadd(this.keys.expiries(id), 'XX', 'LT', now() + idle, id));
    await this.#keep(id, attributes, idle ?? changes.defaultIdleTimeoutInMilliseconds);
  }

  /** Forgets a session that was destroyed. Never rejects. */
  async destroyed(id: string): Promise<void> {
    const { client } = this.commands;
    await Promise.all([
      this.#send(() => client.zrem(this.keys.expiries(id), id)),
      this.kept.length > 0 && this.#send(() => client.del(this.keys.kept(id))),
    ]);
  }

  async take(signal: AbortSignal): Promise<readonly ExpiredSession[]> {
    const shards = Array.from({ length: EXPIRY_SHARDS }, (_, shard) => this.#goneOf(shard, signal));
    const gone = (await Promise.all(shards)).flat();
    if (gone.length === 0) return [];
    // What is aborted here is found by another process when the claim is over.
    await delay(SETTLE_MS, undefined, { signal, ref: false });
    const taken = await Promise.all(gone.map((id) => this.#take(id)));
    return taken.filter((session) => session !== undefined);
  }

  /** Those of the due sessions of a shard that do not exist. */
  async #goneOf(shard: number, signal: AbortSignal): Promise<string[]> {
    const key = this.keys.expiriesOf(shard);
    const gone: string[] = [];
    for (let pass = 0; pass < MOST_PASSES && gone.length < MOST_GONE && !signal.aborted; pass++) {
      // oxlint-disable-next-line no-await-in-loop -- a few sessions at a time, so that Redis serves others
      const due = await this.commands.run('sweep', sessionScripts.claimDue, [key], [CLAIM_MS, AT_ONCE]);
      const ids = (due as string[]).filter(isSessionId);
      // oxlint-disable-next-line no-await-in-loop -- as above
      const lives = await Promise.all(ids.map((id) => this.#lives(id, key)));
      gone.push(...ids.filter((_, place) => !lives[place]));
      if ((due as string[]).length < AT_ONCE) break;
    }
    return gone;
  }

  async #lives(id: string, key: string): Promise<boolean> {
    const { client } = this.commands;
    const endsAt = await this.commands.send('sweep', () => client.pexpiretime(this.keys.data(id)));
    if (endsAt < 0) return endsAt === -1;
    await Promise.all([
      // XX: a destroy may have removed it meanwhile.
      this.commands.send('sweep', () => client.zadd(key, 'XX', endsAt, id)),
      this.kept.length > 0 &&
        this.commands.send('sweep', () => client.pexpire(this.keys.kept(id), endsAt - now() + KEEP_MS)),
    ]);
    return true;
  }

  // The reply of ZREM decides which process reports the session.
  async #take(id: string): Promise<ExpiredSession | undefined> {
    const { client } = this.commands;
    const kept = this.keys.kept(id);
    try {
      const texts =
        this.kept.length === 0
          ? []
          : await this.commands.send('sweep', () => client.hmget(kept, ...this.kept));
      const removed = await this.commands.send('sweep', () => client.zrem(this.keys.expiries(id), id));
      if (removed !== 1) return undefined;
      if (this.kept.length > 0) void this.#send(() => client.del(kept));
      const named = this.kept.map((name, place) => [name, texts[place]] as const);
      return {
        id,
        attributes: new Map(named.filter((entry): entry is [string, string] => entry[1] != null)),
      };
    } catch {
      // The others that were taken are reported nevertheless.
      return undefined;
    }
  }

  async #keep(id: string, attributes: ReadonlyMap<string, string | undefined>, idle: number): Promise<void> {
    const changed = this.kept.filter((name) => attributes.has(name));
    if (changed.length === 0) return;
    const set: string[] = [];
    const removed: string[] = [];
    for (const name of changed) {
      const text = attributes.get(name);
      if (text === undefined) removed.push(name);
      else set.push(name, text);
    }
    const key = this.keys.kept(id);
    const { client } = this.commands;
    await this.#send(() =>
      Promise.all([
        set.length > 0 && client.hset(key, ...set),
        removed.length > 0 && client.hdel(key, ...removed),
        client.pexpire(key, idle + KEEP_MS),
      ]),
    );
  }

  // What the application asked for has succeeded. RedisCommands reports the outage.
  async #send(command: () => Promise<unknown>): Promise<void> {
    await this.commands.send('index', command).catch(() => undefined);
  }
}
