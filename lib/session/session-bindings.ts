import { indexValue, storedIndexValue, type SessionIndexer, USER_INDEX, userIn } from './index-value.js';
import type { AttributeChanges } from './session-attributes.js';
import type { SessionCore } from './session-core.js';
import { type IndexChanges, type IndexKey, type SessionIndex, withChanges } from './session-index.js';
import { SessionLimits, withdraw } from './session-limits.js';
import type { EmitSessionEvent } from './session-event.js';
import type { SessionPolicy } from './session-policy.js';
import { sessionOf } from './session-proxy.js';
import type { SessionStore } from './session-store.js';
import { SessionConflictError } from './session.errors.js';
import type { StoreFailures } from './store-failures.js';

// An entry is written again when its session is used, but at most this often by one process.
const REWRITE_EVERY_MS = 3_600_000;
// More than the longest operation takes.
const MARGIN_MS = 300_000;

/**
 * Binds sessions to users, and to the application's own values. The entry of the index is written before the session, so
 * that no session is bound without one; what the session says counts.
 */
export class SessionBindings {
  readonly #index: SessionIndex | undefined;
  readonly #indexers: readonly (readonly [name: string, indexer: SessionIndexer])[];
  readonly #userIndexer: SessionIndexer | undefined;
  readonly #encrypted: boolean;
  readonly #limits: SessionLimits | undefined;
  readonly #emit: EmitSessionEvent | undefined;
  /** Sessions whose entries this process has written since `#startedAt`. */
  #written = new Set<string>();
  #startedAt = performance.now();

  constructor(
    private readonly store: SessionStore,
    policy: SessionPolicy,
    private readonly failures: StoreFailures,
  ) {
    const { indexes, cipher, maxSessionsPerUser } = policy;
    this.#index = store.index;
    if (maxSessionsPerUser !== undefined) this.#limits = new SessionLimits(store, policy);
    this.#encrypted = cipher !== undefined;
    this.#emit = policy.emit;
    this.#indexers = Object.entries(indexes);
    if (Object.hasOwn(indexes, USER_INDEX)) this.#userIndexer = indexes[USER_INDEX];
  }

  /**
   * Which values a write has to change.
   * @returns `undefined` if none
   * @throws SessionDataError for a value that cannot be stored
   */
  changesOf(core: SessionCore, attributes: AttributeChanges): IndexChanges | undefined {
    if (this.#index === undefined) return undefined;
    let changes: Map<string, string | undefined> | undefined;
    const compare = (name: string, given: string | number | null | undefined): void => {
      const value = storedIndexValue(name, given, this.#encrypted);
      if (core.indexed?.get(name) !== value) (changes ??= new Map()).set(name, value);
    };
    if (this.#userIndexer === undefined && attributes.has(USER_INDEX))
      compare(USER_INDEX, this.#userOf(core));
    for (const [name, indexer] of this.#indexers) compare(name, indexer(sessionOf(core)));
    return changes;
  }

  /**
   * Runs a write that gives a session new values: within the limit of its user's sessions, after the entries, before the
   * check.
   * @throws SessionLimitError if its user has too many sessions. SessionConflictError if `destroyByUser` has ended them since
   * its request began; the session is destroyed then.
   */
  async bind<T>(core: SessionCore, changes: IndexChanges, write: () => Promise<T>): Promise<T> {
    // Before the write, because the request may give the session another user meanwhile.
    const told = this.#emit && this.#userText(core, changes);
    const announced = async (): Promise<T> => {
      await this.announce(core, changes);
      return write();
    };
    const user = this.#limits && this.#newUser(core, changes);
    const outcome = await (user === undefined ? announced() : this.#limits!.within(core, user, announced));
    await this.#confirm(core, changes);
    if (told !== undefined) this.#emit!({ name: 'session.bound', id: core.id, user: told });
    return outcome;
  }

  /** Writes the entries that a session needs after a write. Called before the write. */
  async announce(core: SessionCore, changes?: IndexChanges): Promise<void> {
    const values = withChanges(core.indexed, changes);
    if (values === undefined) return;
    this.#renewPeriod();
    this.#written.add(core.id);
    const keep = core.lifetime.idleTimeoutInSeconds * 1000 + REWRITE_EVERY_MS + MARGIN_MS;
    await Promise.all([...values].map(([index, value]) => this.#index!.add({ index, value }, core.id, keep)));
  }

  /** Writes the entries of a session that is used, from time to time, so that they outlive it. Nobody waits for it. */
  refresh(core: SessionCore): void {
    if (core.indexed === undefined || this.#index === undefined) return;
    this.#renewPeriod();
    if (this.#written.has(core.id)) return;
    this.announce(core).catch((error: unknown) => {
      this.#written.delete(core.id);
      this.failures.record(error, core);
    });
  }

  /** Removes the entries of a session that was destroyed. Nobody waits for it: entries of no session are harmless. */
  forget(core: SessionCore): void {
    if (core.indexed === undefined || this.#index === undefined) return;
    this.#written.delete(core.id);
    for (const [index, value] of core.indexed)
      this.#index.remove({ index, value }, [core.id]).catch((error: unknown) => this.failures.record(error));
  }

  // `destroyByUser` may have run since the request began, and missed the session.
  async #confirm(core: SessionCore, changes: IndexChanges): Promise<void> {
    for (const [index, value] of changes) {
      if (value === undefined) continue;
      const ago = await this.#index!.refusedAgo({ index, value }, core.id);
      if (ago === undefined || ago > performance.now() - core.begunAt) continue;
      await withdraw(this.store, core);
      throw new SessionConflictError(core.id, revoked(core.id, index));
    }
  }

  /** Where the sessions of a user are found whose login this is. @returns `undefined` if it is none */
  #newUser(core: SessionCore, changes: IndexChanges): IndexKey[] | undefined {
    const value = changes.get(USER_INDEX);
    // A session that was taken over has logged in elsewhere.
    if (value === undefined || core.migrated) return undefined;
    const values = [value];
    const plain = this.#encrypted ? indexValue(USER_INDEX, this.#userOf(core)) : undefined;
    // Sessions that were stored before encryption was turned on.
    if (plain !== undefined && storedIndexValue(USER_INDEX, plain, true) === value) values.push(plain);
    if (values.includes(core.indexed?.get(USER_INDEX) ?? '')) return undefined;
    return values.map((text) => ({ index: USER_INDEX, value: text }));
  }

  /** The new user of a session, for people to read. @returns `undefined` if it gets none */
  #userText(core: SessionCore, changes: IndexChanges): string | undefined {
    const stored = changes.get(USER_INDEX);
    return stored !== undefined && this.#encrypted ? indexValue(USER_INDEX, this.#userOf(core)) : stored;
  }

  #userOf(core: SessionCore): string | number | null | undefined {
    return this.#userIndexer === undefined
      ? userIn(core.attributes.get(USER_INDEX))
      : this.#userIndexer(sessionOf(core));
  }

  #renewPeriod(): void {
    const now = performance.now();
    if (now - this.#startedAt < REWRITE_EVERY_MS) return;
    this.#startedAt = now;
    this.#written = new Set();
  }
}

function revoked(id: string, index: string): string {
  return `The sessions of this ${index} were ended while this request ran, so session ${id} was ended too. Log in again.`;
}
