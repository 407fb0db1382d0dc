import { SessionOptionsError } from '../session/session.errors.js';
import { hasMethods, isIntegerFrom, LARGEST_INTEGER } from './expectations.js';
import type { RedisConnectionOptions } from './redis-connection-options.js';

/** The options that the application passed to express-session and connect-redis. */
export interface ExpressSessionOptions {
  /** The name of the cookie. @default 'connect.sid' */
  name?: string;
  /** The secret that signs the cookie, or a list of the current and former secrets. */
  secret: string | readonly string[];
  /** The key prefix of connect-redis. @default 'sess:' */
  prefix?: string;
  /** The path of the cookie. @default '/' */
  path?: string;
  /** The domain of the cookie. @default none */
  domain?: string;
  /** An ioredis client for the Redis that stores the old sessions. @default the client of the new sessions */
  client?: RedisConnectionOptions['client'];
  /**
   * How long a migrated session is remembered after its end. If the old application writes its record again in that time,
   * the record is deleted and not migrated, so that it cannot undo a logout. Seconds; at least the `maxAge` of the old
   * cookie and the `ttl` of connect-redis.
   * @default 2592000 (30 days)
   */
  rememberMigratedInSeconds?: number;
}

/** The return value of `expressSession()`: its options with their defaults. */
export class ExpressSessionMigration {
  readonly name: string;
  readonly prefix: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly rememberMigratedInSeconds: number;
  // Private, so that inspecting the object shows no secret. A client holds the password of its Redis.
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
 * Migrates the sessions of express-session and connect-redis. On a visitor's first request with the old cookie, the record
 * of connect-redis becomes a session of this package with the same attributes and the same lifetime, and the old record
 * and the old cookie are removed. Nobody is logged out. Remove the option when the old cookies have expired.
 *
 * @throws SessionOptionsError if there is no secret: anybody can forge an unsigned cookie.
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
      'migrateFrom: secret cannot be used (its value is not shown); expected the secret of express-session, or an array of its secrets.',
    );
  if (client !== undefined && !hasMethods(client, ['get', 'set', 'del', 'exists']))
    faults.push(
      'migrateFrom: client is not an ioredis client; pass one, or omit it to use the client of the sessions.',
    );
  if (!isIntegerFrom(1, LARGEST_INTEGER, rememberMigratedInSeconds))
    faults.push(
      `migrateFrom: rememberMigratedInSeconds is ${String(rememberMigratedInSeconds)}; expected an integer from 1 to ${LARGEST_INTEGER}.`,
    );
  if (faults.length > 0) throw new SessionOptionsError(faults);
  return new ExpressSessionMigration(options);
}
