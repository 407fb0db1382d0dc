import type { SessionAttributes } from './session-attributes.js';
import { SessionUsageError } from './session.errors.js';

/** What the option `cookie` says of every session's cookie. */
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
 * `session.cookie` as express-session has it, for code that was written for that; new code uses
 * `session.idleTimeoutInSeconds`. The lifetime can be set here. The other attributes can be read; the option `cookie`
 * sets them for all sessions, and assigning one throws a SessionUsageError.
 */
export interface SessionCookie extends CookieAttributes {
  /**
   * How long the session lives without a request. Milliseconds, kept in whole seconds. A number also lets the cookie of
   * this session outlive the browser window, and every answer sends it again with a new Max-Age; it is kept with the
   * session. `null` undoes both: the application's `idleTimeoutInSeconds`, and a cookie as the option
   * `cookie.persistent` has it.
   */
  get maxAge(): number;
  set maxAge(milliseconds: number | null);
  /** When the session ends unless another request comes. `null` and `false` set the application's timeout. */
  get expires(): Date;
  set expires(date: Date | null | false);
  /** Milliseconds that every request begins with again: the same as `maxAge`. */
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

/** What `'auto'` means for a request. @param overTls whether it came over TLS */
export function cookieAttributesOf(settings: CookieSettings, overTls: boolean): CookieAttributes {
  const { path, domain, httpOnly, partitioned, priority } = settings;
  const secure = settings.secure === 'auto' ? overTls : settings.secure;
  const sameSite = settings.sameSite === 'auto' ? (secure ? 'none' : 'lax') : settings.sameSite;
  return { path, domain, httpOnly, secure, sameSite, partitioned, priority };
}

// An attribute whose name no application can use, as in express-session's records.
const MARK = 'cookie';
const PERSISTENT = 'persistent';

/** Whether a session is marked to have a cookie that outlives the browser window. */
export function isPersistent(attributes: SessionAttributes): boolean {
  try {
    return attributes.get(MARK) === PERSISTENT;
  } catch {
    return false;
  }
}

/** Sets or removes this mark. */
export function setPersistent(attributes: SessionAttributes, persistent: boolean): void {
  attributes.set(MARK, persistent ? PERSISTENT : undefined);
}
