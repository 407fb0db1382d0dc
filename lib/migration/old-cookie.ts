import { createHmac, timingSafeEqual } from 'node:crypto';
import { serialize } from 'cookie';
import { formatCredential } from '../session/session-credential.js';
import { cookieValues } from '../request/cookie-session-id-resolver.js';
import type { RequestHeaders } from '../request/session-answer.js';
import type { MigratedSession, MigrationHook } from '../request/session-registration.js';
import type { OldCredential, SessionMigration } from './session-migration.js';

/** The cookie of express-session. */
export interface OldCookieOptions {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly secrets: readonly string[];
}

const SIGNED = 's:';
// A browser does not send more cookies of one name.
const MOST_COOKIES = 4;

/** Turns the cookie of express-session into a session of this module. */
export class OldCookie implements MigrationHook {
  /** The Set-Cookie header that removes the old cookie. */
  readonly removal: string;

  constructor(
    private readonly options: OldCookieOptions,
    private readonly migration: SessionMigration,
  ) {
    const { name, path, domain } = options;
    // RFC 6265bis §5.7: browsers ignore cookies of these names without Secure, even to remove them.
    const secure = /^__(Host|Secure)-/i.test(name);
    const expired = { maxAge: 0, expires: new Date(0) };
    this.removal = serialize(name, '', { path, domain, httpOnly: true, secure, ...expired });
  }

  migrate({ cookie: header }: RequestHeaders): Promise<MigratedSession | undefined> | undefined {
    if (typeof header !== 'string') return undefined;
    for (const value of cookieValues(header, `${this.options.name}=`).slice(0, MOST_COOKIES)) {
      const presented = this.#unsigned(value);
      if (presented !== undefined) return this.#migrate(presented);
    }
    return undefined;
  }

  async #migrate(presented: OldCredential): Promise<MigratedSession | undefined> {
    const session = await this.migration.open(presented);
    if (session === undefined) return undefined;
    const { id, secret } = session.credential;
    return { core: session.core, credential: formatCredential(id, secret) };
  }

  // The format of cookie-signature: the value, a dot, and its HMAC-SHA256 in base64 without padding.
  #unsigned(encoded: string): OldCredential | undefined {
    const value = decoded(encoded);
    const dot = value.lastIndexOf('.');
    if (!value.startsWith(SIGNED) || dot < SIGNED.length) return undefined;
    const id = value.slice(SIGNED.length, dot);
    const given = Buffer.from(value.slice(dot + 1));
    const secret = this.options.secrets.find((one) => {
      const expected = Buffer.from(createHmac('sha256', one).update(id).digest('base64').replace(/=+$/, ''));
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
    return secret === undefined ? undefined : { id, secret };
  }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
