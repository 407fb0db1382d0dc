import type { RedisSessionOptions } from '../options/redis-session.options.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { RedisSessionStore } from '../redis/redis-session.store.js';
import { AttributeCipher } from '../session/attribute-cipher.js';
import { SessionRepository } from '../session/session.repository.js';
import { CommandFailure } from './command-failure.js';
import { failureOf } from './connection-failure.js';
import { Progress } from './progress.js';
import { type StoredSession, storedSession } from './stored-session.js';
import type { Terminal } from './terminal.js';

// Few enough that a batch ends before its deadline even if every session is as large as it can be.
const AT_ONCE = 50;

/** The sessions of one application, for the commands that list and end them. */
export class OpenedSessions {
  readonly repository: SessionRepository;
  readonly store: RedisSessionStore;

  private constructor(
    readonly options: RedisSessionOptions,
    connection: RedisConnection,
    private readonly terminal: Terminal,
  ) {
    this.store = new RedisSessionStore(connection.client, options, connection);
    const cipher = new AttributeCipher(noKeys, options.applicationName);
    const policy = Object.assign({}, options, { listedAttributes: [], cipher });
    this.repository = new SessionRepository(this.store, policy);
  }

  /** Connects, acts and disconnects. @throws CommandFailure if Redis is not reachable */
  static async use<T>(
    options: RedisSessionOptions,
    terminal: Terminal,
    action: (sessions: OpenedSessions) => Promise<T>,
  ): Promise<T> {
    const connection = new RedisConnection(options, silent);
    const sessions = new OpenedSessions(options, connection, terminal);
    try {
      await connection.open();
      if (connection.client.status !== 'ready') throw unreachable(connection, options);
      return await action(sessions);
    } finally {
      sessions.store.close();
      await connection.close();
    }
  }

  /** Reads one session without touching it. @returns `undefined` if it does not exist */
  async find(id: string): Promise<StoredSession | undefined> {
    const [record, remaining] = await Promise.all([this.store.load(id), this.store.remaining(id)]);
    return record && storedSession(record, remaining, this.options.idleTimeoutInSeconds * 1000);
  }

  /** Reads all sessions of the application, or those of a user, in batches. A session comes once. */
  async *all(user?: string): AsyncIterable<StoredSession> {
    for await (const ids of user === undefined ? this.#allIds() : this.#idsOf(user)) {
      for (let first = 0; first < ids.length; first += AT_ONCE) {
        const found = await Promise.all(ids.slice(first, first + AT_ONCE).map((id) => this.find(id)));
        for (const session of found) if (session !== undefined) yield session;
      }
    }
  }

  /** Ends all sessions of the application. @returns how many */
  async destroyAll(): Promise<number> {
    let destroyed = 0;
    for await (const ids of this.#allIds())
      for (let first = 0; first < ids.length; first += AT_ONCE) {
        const some = ids.slice(first, first + AT_ONCE);
        const outcomes = await Promise.all(some.map((id) => this.store.destroy(id)));
        destroyed += outcomes.filter((outcome) => outcome === true).length;
      }
    return destroyed;
  }

  async *#idsOf(user: string): AsyncIterable<string[]> {
    yield (await this.repository.findByUser(user)).map(({ id }) => id);
  }

  async *#allIds(): AsyncIterable<string[]> {
    const { index } = this.store;
    const progress = new Progress(
      this.terminal,
      this.terminal.isWatched ? await index.scanLength() : undefined,
    );
    const seen = new Set<string>();
    try {
      for await (const ids of index.all()) {
        const fresh = [...new Set(ids)].filter((id) => !seen.has(id));
        for (const id of fresh) seen.add(id);
        progress.step(seen.size);
        yield fresh;
      }
    } finally {
      progress.end();
    }
  }
}

function unreachable(connection: RedisConnection, options: RedisSessionOptions): CommandFailure {
  const { message, hint } = failureOf(connection, options);
  const advice = [hint, '`nestjs-redis-session doctor` says more.'].filter(Boolean).join(' ');
  return new CommandFailure(`Redis is not reachable: ${message}. ${advice}`);
}

// A command reports a failed connection once, as its own error.
const silent = { log: () => undefined, warn: () => undefined };

// The index has a hash in place of the user of an encrypted session. With a cipher both are looked for; without keys it reads
// nothing.
const noKeys = { current: '', get: () => undefined };
