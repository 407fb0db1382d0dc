import type { RedisCredentials, RedisSessionStore } from 'nestjs-redis-session';
import { newLockToken } from '../../lib/session/session-credential.js';
import { eventually } from '../support/eventually.js';
import type { RedisServer } from '../support/redis-server.js';
import { createdIn, noChanges } from './redis-fixture.js';

const RIGHTS = ['on', '~*', '&*', '+@all'];

/** A service that gives out tokens: each is a user of Redis with a password of its own. */
export class TokenService {
  asked = 0;
  lifetime: number | undefined;
  /** What it does in place of answering. */
  instead: (() => Promise<RedisCredentials>) | undefined;
  #user = 0;

  constructor(private readonly servers: RedisServer[]) {}

  get user(): string {
    return `token-${this.#user}`;
  }

  /** Makes a new user. From now on only its token is given out. */
  async next(): Promise<string> {
    this.#user++;
    await this.#all('SETUSER', this.user, 'reset', ...RIGHTS, `>secret-${this.user}`);
    return this.user;
  }

  /** Removes a user. Redis closes its connections. */
  async revoke(user: string): Promise<void> {
    await this.#all('DELUSER', user);
  }

  /** How many connections a user has. */
  async connectionsOf(user: string): Promise<number> {
    const lists = await Promise.all(this.servers.map((server) => server.admin.call('CLIENT', 'LIST')));
    return lists.join('\n').split(`user=${user} `).length - 1;
  }

  readonly credentials = async (): Promise<RedisCredentials> => {
    this.asked++;
    if (this.instead !== undefined) return this.instead();
    const expiresAt = this.lifetime === undefined ? undefined : Date.now() + this.lifetime;
    return { username: this.user, password: `secret-${this.user}`, expiresAt };
  };

  #all(...args: string[]): Promise<unknown> {
    return Promise.all(this.servers.map((server) => server.admin.call('ACL', ...args)));
  }
}

/** Counts in exclusive sessions, as requests of two visitors do who wait for each other, until it is stopped. */
export class LockLoad {
  turns = 0;
  #failure: Error | undefined;
  #stopped = false;
  readonly #running: Promise<unknown>;

  private constructor(store: RedisSessionStore, ids: readonly string[]) {
    this.#running = Promise.all(ids.flatMap((id) => [1, 2, 3].map(() => this.#visit(store, id))));
  }

  static async start(store: RedisSessionStore, sessions = 4): Promise<LockLoad> {
    const created = await Promise.all(Array.from({ length: sessions }, () => createdIn(store)));
    return new LockLoad(
      store,
      created.map(({ id }) => id),
    );
  }

  /** Resolves after some more turns. @throws the first failure */
  async goesOn(): Promise<void> {
    const enough = this.turns + 60;
    await eventually(() => this.#failure !== undefined || this.turns > enough);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** @throws the first failure */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #visit(store: RedisSessionStore, id: string): Promise<void> {
    while (!this.#stopped) {
      const token = newLockToken();
      try {
        const lock = { token, leaseInMilliseconds: 30_000, waitInMilliseconds: 10_000 };
        const record = await store.loadExclusive(id, lock);
        if (typeof record !== 'object') throw new Error(`loadExclusive returned ${String(record)}`);
        const saved = await store.save(id, { ...noChanges, lock: { token, release: true } });
        if (saved !== 'saved') throw new Error(`save returned ${saved}`);
        this.turns++;
      } catch (error) {
        this.#failure ??= error as Error;
        return;
      }
    }
  }
}
