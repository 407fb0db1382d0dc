import { setTimeout as sleep } from 'node:timers/promises';
import { SessionStoreUnavailableError } from 'nestjs-redis-session';
import type * as port from 'nestjs-redis-session';
import type { Pool } from 'pg';

const NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::float8';
const UPSERT =
  'INSERT INTO nest_sessions VALUES ($1,$2,$3) ON CONFLICT (key) DO UPDATE SET row=$2,ends_at=$3';
const LOOK_EVERY_MS = 25; // a request that waits for a lock
const PLACE_IS_KEPT_MS = 3000; // of one that does not look any more

/** A session with its lock, as JSON in one row. Every write reads and replaces all of it. */
interface Row extends Omit<port.SessionRecord, 'attributes'> {
  readonly attributes: readonly (readonly [name: string, text: string])[];
  readonly endsAt: number;
  readonly lock?: { readonly token: string; readonly until: number } | undefined;
  /** Token of each request that waits for the lock, to when it loses its place unless it looks again. In their order. */
  readonly waiters?: readonly (readonly [token: string, until: number])[];
  /** The token of the lock that a save has released, so that a copy of this save counts as saved. */
  readonly receipt?: string;
}

type Timeouts = port.SessionTimeouts;
/** What a write makes of a row: another one, the same one, or `undefined` to delete it. */
type Change<Result> = (row: Row | undefined, now: number) => readonly [next: Row | undefined, result: Result];

/** Stores sessions in PostgreSQL, with the guarantees of the Redis store. `now` is the clock, in SQL. */
export class PostgresSessionStore implements port.SessionStore {
  readonly #timer = setInterval(() => void this.sweep().catch(() => undefined), 60_000).unref();

  constructor(
    private readonly pool: Pool,
    private readonly applicationName: string,
    private readonly now = NOW,
  ) {}

  async sweep(): Promise<void> {
    const expired = `DELETE FROM nest_sessions WHERE ends_at <= ${this.now} AND starts_with(key, $1)`;
    await this.pool.query(expired, [this.#key('')]);
  }

  create(session: port.NewSessionRecord): Promise<number | undefined> {
    const { id, secretHash, idleTimeoutInMilliseconds, absoluteTimeoutInMilliseconds: most } = session;
    return this.#change('create', id, (taken, createdAt) => {
      if (taken) return [taken, taken.secretHash === secretHash ? taken.createdAt : undefined];
      const times = { createdAt, idleTimeoutInMilliseconds, expiresAt: most && createdAt + most };
      const row = { id, secretHash, ...times, attributes: [...session.attributes], endsAt: 0 };
      const bound = session.authenticated && { authenticatedAt: createdAt };
      return [touched({ ...row, ...bound }, session, createdAt), createdAt];
    });
  }

  async load(id: string): Promise<port.SessionRecord | undefined> {
    const query = `SELECT row FROM nest_sessions WHERE key = $1 AND ends_at > ${this.now}`;
    const { rows } = await this.pool.query(query, [this.#key(id)]).catch(unavailable('load'));
    return rows[0] && recordOf(JSON.parse(rows[0].row) as Row);
  }

  remaining(id: string): Promise<number | undefined> {
    return this.#change('load', id, (row, now) => [row, row && row.endsAt - now]);
  }

  save(id: string, changes: port.SessionChanges): Promise<port.SaveOutcome> {
    const { lock, newSecretHash, authentication, absoluteTimeoutInMilliseconds: most } = changes;
    return this.#change<port.SaveOutcome>('save', id, (found, now) => {
      const row = live(found, now, changes);
      if (row === undefined) return [undefined, 'gone'];
      if (row.secretHash === newSecretHash) return [row, 'saved'];
      if (lock && holderOf(row, now) !== lock.token)
        return [row, lock.release && row.receipt === lock.token ? 'saved' : 'lock-lost'];
      if (isReplaced(row, changes.secretHash)) return [row, 'conflict'];
      const attributes = new Map([...row.attributes, ...changes.attributes]);
      for (const [name, text] of changes.attributes) if (text === undefined) attributes.delete(name);
      const saved = {
        ...row,
        attributes: [...(attributes as Map<string, string>)],
        secretHash: newSecretHash ?? row.secretHash,
        previous: changes.previous ?? row.previous,
        idleTimeoutInMilliseconds: changes.idleTimeoutInMilliseconds ?? row.idleTimeoutInMilliseconds,
        ...(lock?.release && { lock: undefined, receipt: lock.token }),
        ...(authentication && { authenticatedAt: authentication === 'ended' ? undefined : now }),
        ...(authentication === 'renewed' && { restartedAt: now, expiresAt: most && now + most }),
      };
      return [touched(saved, changes, now), 'saved'];
    });
  }

  touch(id: string, touch: port.SessionTouch): Promise<boolean | 'conflict'> {
    return this.#change<boolean | 'conflict'>('touch', id, (found, now) => {
      const row = live(found, now, touch);
      if (row === undefined) return [undefined, false];
      return isReplaced(row, touch.secretHash) ? [row, 'conflict'] : [touched(row, touch, now), true];
    });
  }

  destroy(id: string, secretHash?: string): Promise<boolean | 'conflict'> {
    return this.#change<boolean | 'conflict'>('destroy', id, (row) =>
      row && isReplaced(row, secretHash) ? [row, 'conflict'] : [undefined, row !== undefined],
    );
  }

  async loadExclusive(id: string, lock: port.LockRequest) {
    const { token, leaseInMilliseconds, waitInMilliseconds, signal } = lock;
    const deadline = performance.now() + waitInMilliseconds;
    for (;;) {
      const over = signal?.aborted || performance.now() >= deadline;
      const found = await this.#change<Row | 'locked' | undefined>('lock', id, (row, now) => {
        if (row === undefined) return [undefined, undefined];
        const queue = new Map(row.waiters?.filter(([waiter, until]) => until > now || waiter === token));
        const [first = token] = queue.keys();
        const holder = holderOf(row, now);
        const takes = !signal?.aborted && (holder === token || (holder === undefined && first === token));
        if (takes || over) queue.delete(token);
        else queue.set(token, now + PLACE_IS_KEPT_MS);
        const waiters = [...queue];
        if (!takes) return [{ ...row, waiters }, 'locked'];
        const next = { ...row, waiters, lock: { token, until: now + leaseInMilliseconds } };
        return [next, next];
      });
      if (found !== 'locked') return found && recordOf(found);
      if (over) return 'locked';
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  renewLock(id: string, { token, leaseInMilliseconds }: port.SessionLease, secretHash?: string) {
    return this.#change<boolean>('lock', id, (row, now) => {
      if (row === undefined || isReplaced(row, secretHash) || holderOf(row, now) !== token)
        return [row, false];
      return [{ ...row, lock: { token, until: now + leaseInMilliseconds } }, true];
    });
  }

  releaseLock(id: string, token: string): Promise<void> {
    return this.#change('unlock', id, (row, now) =>
      row && holderOf(row, now) === token ? [{ ...row, lock: undefined }, undefined] : [row, undefined],
    );
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #key(id: string): string {
    return `${this.applicationName}/${id}`;
  }

  /** Replaces the row of a session. Writes of one session take turns, in all processes. */
  async #change<Result>(operation: string, id: string, change: Change<Result>): Promise<Result> {
    const key = this.#key(id);
    const client = await this.pool.connect().catch(unavailable(operation, false));
    try {
      await client.query('BEGIN');
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
      const query = `SELECT ${this.now} AS now, (SELECT row FROM nest_sessions WHERE key = $1) AS text`;
      const { now, text } = (await client.query(query, [key])).rows[0];
      const row = live(text === null ? undefined : (JSON.parse(text) as Row), now);
      const [next, result] = change(row, now);
      if (next === undefined) await client.query('DELETE FROM nest_sessions WHERE key = $1', [key]);
      else if (next !== row) await client.query(UPSERT, [key, JSON.stringify(next), next.endsAt]);
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      client.release(true); // This ends the transaction, too.
      return unavailable(operation)(error);
    }
  }
}

function unavailable(operation: string, outcomeUnknown = true): (cause: unknown) => never {
  return (cause) => {
    throw new SessionStoreUnavailableError(operation, 1, cause, outcomeUnknown);
  };
}

function recordOf({ endsAt: _e, lock: _l, waiters: _w, receipt: _r, attributes, ...row }: Row) {
  return { ...row, attributes: new Map(attributes) };
}

function absoluteEnd({ createdAt, restartedAt = createdAt, expiresAt = Infinity }: Row, timeouts?: Timeouts) {
  return Math.min(expiresAt, restartedAt + (timeouts?.absoluteTimeoutInMilliseconds ?? Infinity));
}

function live(row: Row | undefined, now: number, timeouts?: Timeouts): Row | undefined {
  return row && now < Math.min(row.endsAt, absoluteEnd(row, timeouts)) ? row : undefined;
}

function touched(row: Row, timeouts: Timeouts, now: number): Row {
  const idle = row.idleTimeoutInMilliseconds ?? timeouts.defaultIdleTimeoutInMilliseconds;
  return { ...row, endsAt: Math.min(now + idle, absoluteEnd(row, timeouts)) };
}

function holderOf({ lock }: Row, now: number): string | undefined {
  return lock !== undefined && now < lock.until ? lock.token : undefined;
}

function isReplaced(row: Row, secretHash: string | undefined): boolean {
  return secretHash !== undefined && secretHash !== row.secretHash;
}
