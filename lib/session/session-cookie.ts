import { SessionUsageError } from './session.errors.js';

/** What the option `cookie` says about every session's cookie. */
export interface CookieSettings {
  readonly path: string;
  readonly domain?: string | undefined;
  readonly secure: boolean | 'auto';
  readonly httpOnly: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none' | 'auto';
  readonly partitioned: boolean;
  readonly priority?: 'low' | 'medium' | 'high' | undefined;
}

/** The attributes of a session's cookie as they are sent. */
export interface CookieAttributes extends CookieSettings {
  readonly secure: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
}

/**
 * `session.cookie`, for code written for express-session; new code uses `session.idleTimeoutInSeconds`. Only the lifetime
 * can be set here. Setting another attribute throws a SessionUsageError: the option `cookie` sets them for all sessions.
 */
export interface SessionCookie extends CookieAttributes {
  /**
   * How long the session lives without a request. Milliseconds, rounded up to whole seconds. A number also makes this
   * session's cookie persistent: it outlives the browser window, and every answer sends it again with a new Max-Age. Both
   * are stored with the session. `null` restores the application's `idleTimeoutInSeconds` and `cookie.persistent`.
   */
  get maxAge(): number;
  set maxAge(milliseconds: number | null);
  /** When the session ends without another request. `null` and `false` restore the application's options. */
  get expires(): Date;
  set expires(date: Date | null | false);
  /** The same as `maxAge`: every request renews the lifetime. */
  readonly originalMaxAge: number;
}

/** What `session.cookie` reads and sets. */
export interface CookieOwner {
  idleTimeoutInSeconds: number;
  persistentCookie: boolean;
  readonly defaultIdleTimeoutInSeconds: number;
  /** What this request's answer sends. */
  readonly cookieAttributes: CookieAttributes;
}

const readOnly = ['path', 'domain', 'secure', 'httpOnly', 'sameSite', 'partitioned', 'priority'] as const;

/** `session.cookie` of a session. */
export function cookieOf(owner: CookieOwner): SessionCookie {
  const cookie = {
    get maxAge(): number {
      return owner.idleTimeoutInSeconds * 1000;
    },
    set maxAge(milliseconds: number | null) {
      const own = milliseconds !== null;
      owner.idleTimeoutInSeconds = own ? Math.ceil(milliseconds / 1000) : owner.defaultIdleTimeoutInSeconds;
      owner.persistentCookie = own;
    },
    get expires(): Date {
      return new Date(Date.now() + this.maxAge);
    },
    set expires(date: Date | null | false) {
      this.maxAge = date ? date.getTime() - Date.now() : null;
    },
    get originalMaxAge(): number {
      return this.maxAge;
    },
  };
  for (const name of readOnly) {
    Object.defineProperty(cookie, name, {
      enumerable: true,
      get: () => owner.cookieAttributes[name],
      set() {
        throw new SessionUsageError(
          `session.cookie.${name} cannot be set for one session; nothing was changed. Set the option cookie.${name}, which all sessions share.`,
        );
      },
    });
  }
  return Object.freeze(cookie) as SessionCookie;
}

/** Resolves `'auto'` for a request. @param overTls whether it arrived over TLS */
export function cookieAttributesOf(settings: CookieSettings, overTls: boolean): CookieAttributes {
  const { path, domain, httpOnly, partitioned, priority } = settings;
  const secure = settings.secure === 'auto' ? overTls : settings.secure;
  const sameSite = settings.sameSite === 'auto' ? (secure ? 'none' : 'lax') : settings.sameSite;
  return { path, domain, httpOnly, secure, sameSite, partitioned, priority };
}
