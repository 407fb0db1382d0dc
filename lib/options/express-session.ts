import { SessionOptionsError } from '../session/session.errors.js';
import { hasMethods, isIntegerFrom, LARGEST_INTEGER } from './expectations.js';
import type { RedisConnectionOptions } from './redis-connection-options.js';

/** What the application said to express-session and connect-redis. */
export interface ExpressSessionOptions {
  /** The name of the cookie. @default 'connect.sid' */
  name?: string;
  /** What signs the cookie, or everything that may have signed it: each is tried. */
  secret: string | readonly string[];
  /** What the keys of connect-redis begin with. @default 'sess:' */
  prefix?: string;
  /** The path of the cookie. @default '/' */
  path?: string;
  /** The domain of the cookie. @default none */
  domain?: string;
  /** A client of ioredis for the Redis that holds the old sessions. @default the one that holds the new ones */
  client?: RedisConnectionOptions['client'];
  /**
   * How long a migrated session is remembered beyond its end. In that time a record that the old application writes
   * again is removed and not migrated again, so it cannot undo a logout. Seconds; not less than the `maxAge` of the old
   * cookie and the `ttl` of connect-redis.
   * @default 2592000 (30 days)
   */
  rememberMigratedInSeconds?: number;
}

/** Sessions of express-session and connect-redis, completed: what `expressSession()` returns. */
export class ExpressSessionMigration {
  readonly name: string;
  readonly prefix: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly rememberMigratedInSeconds: number;
  // Private, so that nothing that shows an object shows them: a client holds the password of its Redis.
  readonly #client: RedisConnectionOptions['client'];
  readonly #secrets: readonly string[];

  constructor(options: ExpressSessionOptions) {
    const { name = 'connect.sid', prefix = 'sess:', path = '/', domain, client, secret } = options;
    this.name = name;
    this.prefix = prefix;
    this.path = path;
    this.domain = domain;
    this.rememberMigratedInSeconds = options.rememberMigratedInSeconds ?? 30 * 24 * 3600;
    this.#client = client;
    this.#secrets = typeof secret === 'string' ? [secret] : secret;
  }

  get client(): RedisConnectionOptions['client'] {
    return this.#client;
  }

  get secrets(): readonly string[] {
    return this.#secrets;
  }
}

/**
 * Takes the sessions of express-session over: a visitor's first request with the old cookie turns the record that
 * connect-redis wrote into a session of ours, with the same attributes and the same lifetime, and removes the old record
 * and the old cookie. Nobody is logged out. Take the option away when the old cookies have expired.
 *
 * @throws SessionOptionsError where there is no secret: an unsigned cookie could be anybody's.
 * @example
 * ```ts
 * RedisSessionModule.forRoot({ migrateFrom: expressSession({ secret: [process.env.SECRET!, process.env.OLD_SECRET!] }) })
 * ```
 */
export function expressSession(options: ExpressSessionOptions): ExpressSessionMigration {
  const { secret, client, rememberMigratedInSeconds = 1 } = (options ?? {}) as Partial<ExpressSessionOptions>;
  const secrets: readonly unknown[] = Array.isArray(secret) ? secret : [secret];
  const faults: string[] = [];
  if (secrets.length === 0 || secrets.some((one) => typeof one !== 'string' || one === ''))
    faults.push(
      'migrateFrom: secret cannot be used (its value is not shown); expected the text that express-session signed its cookies with, or a list of such texts.',
    );
  if (client !== undefined && !hasMethods(client, ['get', 'set', 'del', 'exists']))
    faults.push(
      'migrateFrom: client is no client of ioredis; expected one, or nothing for the one of the sessions.',
    );
  if (!isIntegerFrom(1, LARGEST_INTEGER, rememberMigratedInSeconds))
    faults.push(
      `migrateFrom: rememberMigratedInSeconds is ${String(rememberMigratedInSeconds)}; expected an integer from 1 to ${LARGEST_INTEGER}.`,
    );
  if (faults.length > 0) throw new SessionOptionsError(faults);
  return new ExpressSessionMigration(options);
}
