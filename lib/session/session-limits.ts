import { endSessions } from './end-sessions.js';
import { isLive } from './indexed-sessions.js';
import { type LoginLock, LoginLocks } from './login-locks.js';
import type { SessionCore } from './session-core.js';
import type { IndexKey, SessionIndex } from './session-index.js';
import type { SessionPolicy } from './session-policy.js';
import type { SessionStore } from './session-store.js';
import { SessionLimitError, SessionLockTimeoutError } from './session.errors.js';
import { mayBeStored, type WriteStep } from './unknown-outcome.js';

const SESSIONS_AT_ONCE = 500;
const MOST_COUNTS = 5;

interface CountedSession {
  readonly id: string;
  readonly createdAt: number;
  readonly key: IndexKey;
}

/**
 * Keeps users within `maxSessionsPerUser`. One login of a user at a time counts the user's sessions and writes. If its lock
 * ended before it wrote, it counts again: other logins may have written meanwhile.
 */
export class SessionLimits {
  readonly #locks: LoginLocks;

  constructor(
    private readonly store: SessionStore,
    private readonly policy: SessionPolicy,
  ) {
    this.#locks = new LoginLocks(policy.lock);
  }

  /**
   * Runs the write that binds a session to a user.
   * @param keys where the user's sessions are found
   * @throws SessionLimitError if the user has too many; nothing is written then
   */
  async within<T>(core: SessionCore, keys: readonly IndexKey[], write: () => Promise<T>): Promise<T> {
    const lock = await this.#locks.acquire(this.#index, keys[0]!);
    let step: WriteStep = 'not-sent';
    try {
      await this.#makeRoom(keys, core.id, lock);
      step = 'sent';
      const outcome = await write();
      step = 'done';
      for (let counts = 1; !(await lock.release()); counts++) {
        if (counts === MOST_COUNTS) throw lost();
        await lock.take();
        await this.#makeRoom(keys, core.id, lock);
      }
      return outcome;
    } catch (error) {
      const refused = error instanceof SessionLimitError && core.sentCreate !== undefined;
      if (step === 'done' || refused) await withdraw(this.store, core);
      // A write whose answer was lost can come late. The next login waits for it until the lease ends, and counts it then.
      if (!mayBeStored(error, step)) await lock.release().catch(() => false);
      throw error;
    } finally {
      lock.leave();
    }
  }

  async #makeRoom(keys: readonly IndexKey[], own: string, lock: LoginLock): Promise<void> {
    const { maxSessionsPerUser: limit = Infinity, onSessionLimit } = this.policy;
    const others = await this.#others(keys, own, limit, lock);
    if (others.length < limit) return;
    if (onSessionLimit === 'refuse') throw new SessionLimitError(limit);
    const oldest = others.toSorted((a, b) => a.createdAt - b.createdAt).slice(0, others.length - limit + 1);
    for (const key of keys) {
      const ids = oldest.filter((session) => session.key === key).map(({ id }) => id);
      for (const some of batches(ids)) {
        await endSessions(this.#index, key, some, 'limited');
        await lock.keep();
      }
    }
  }

  /** The user's other live sessions. Empty if they cannot be too many. */
  async #others(
    keys: readonly IndexKey[],
    own: string,
    limit: number,
    lock: LoginLock,
  ): Promise<CountedSession[]> {
    const entries = await Promise.all(keys.map((key) => this.#entries(key, own, lock)));
    // Every session has an entry.
    if (entries.reduce((sum, { size }) => sum + size, 0) < limit) return [];
    const others: CountedSession[] = [];
    for (const [place, key] of keys.entries()) {
      for (const some of batches([...entries[place]!])) {
        for (const session of await this.#index.read(key, some, []))
          if (isLive(session, this.policy)) others.push({ ...session, key });
        await lock.keep();
      }
    }
    return others;
  }

  async #entries(key: IndexKey, own: string, lock: LoginLock): Promise<Set<string>> {
    const entries = new Set<string>();
    for await (const ids of this.#index.ids(key)) {
      for (const id of ids) if (id !== own) entries.add(id);
      await lock.keep();
    }
    return entries;
  }

  get #index(): SessionIndex {
    return this.store.index!;
  }
}

/** Ends a session that was bound and must not be. */
export async function withdraw(store: SessionStore, core: SessionCore): Promise<void> {
  await store.destroy(core.id, undefined, 'revoked');
  core.status = 'ended';
  core.sentCreate = undefined;
}

function* batches(ids: readonly string[]): Iterable<readonly string[]> {
  for (let first = 0; first < ids.length; first += SESSIONS_AT_ONCE)
    yield ids.slice(first, first + SESSIONS_AT_ONCE);
}

// The store says that the lock is lost, however often it gives it.
function lost(): SessionLockTimeoutError {
  return new SessionLockTimeoutError(
    `The lock of this user's logins was lost ${MOST_COUNTS} times, so the session was ended. Log in again later.`,
    1,
  );
}
