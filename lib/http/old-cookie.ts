import { createHmac, timingSafeEqual } from 'node:crypto';
import { serialize } from 'cookie';
import { formatCredential } from '../session/session-credential.js';
import type { OldCredential, SessionMigration } from '../session/session-migration.js';
import { cookieValues } from './cookie-values.js';
import type { SessionExchange } from './session-exchange.js';

/** What is known of the cookie that visitors of express-session have. */
export interface OldCookieOptions {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly secrets: readonly string[];
}

const SIGNED = 's:';
// As of ours: more of one name are not sent by a browser.
const MOST_COOKIES = 4;

/** The cookie of express-session, and the way from it to a session of ours. */
export class OldCookie {
  /** The header that takes it from the browser. */
  readonly removal: string;

  constructor(
    private readonly options: OldCookieOptions,
    private readonly migration: SessionMigration,
  ) {
    const { name, path, domain } = options;
    this.removal = serialize(name, '', { path, domain, httpOnly: true, maxAge: 0, expires: new Date(0) });
  }

  /** What a request presents. @returns `undefined` for no such cookie, and for one that none of the secrets has signed. */
  resolve(exchange: SessionExchange): OldCredential | undefined {
    const header = exchange.requestHeader('cookie');
    if (header === undefined) return undefined;
    for (const value of cookieValues(header, `${this.options.name}=`).slice(0, MOST_COOKIES)) {
      const credential = this.#unsigned(value);
      if (credential !== undefined) return credential;
    }
    return undefined;
  }

  /** Puts the session on the request that takes the old one's place. The old cookie goes in any case. */
  async migrate(exchange: SessionExchange, presented: OldCredential): Promise<void> {
    const session = await this.migration.open(presented);
    if (session !== undefined) {
      exchange.presented = formatCredential(session.credential.id, session.credential.secret);
    }
    exchange.migrated = true;
    exchange.adopt(session?.core ?? exchange.lifecycle.newCore());
    exchange.arm();
  }

  // As the package cookie-signature signs: the value, a dot, its HMAC-SHA256 in base64 without padding.
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
