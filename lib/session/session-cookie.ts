/**
 * The part of express-session's `session.cookie` that says how long a session lives, for code that was written for it;
 * new code has `session.idleTimeoutInSeconds`. The attributes of the cookie itself stand in the option `cookie`, the same
 * for all sessions, and cannot be set here.
 */
export interface SessionCookie {
  /**
   * How long the session lives without a request. Milliseconds, kept in whole seconds. `null` sets the application's
   * `idleTimeoutInSeconds`. The browser keeps the cookie that long only with the option `cookie.persistent`.
   */
  get maxAge(): number;
  set maxAge(milliseconds: number | null);
  /** When that ends unless another request comes. `null` and `false` set the application's timeout. */
  get expires(): Date;
  set expires(date: Date | null | false);
  /** Milliseconds that every request begins with again: the same as `maxAge`. */
  readonly originalMaxAge: number;
}

/** What a cookie object reads and sets. */
interface Lifetime {
  idleTimeoutInSeconds: number;
}

/** `session.cookie` of a session. */
export function cookieOf(session: Lifetime, defaultIdleTimeoutInSeconds: number): SessionCookie {
  return Object.freeze({
    get maxAge(): number {
      return session.idleTimeoutInSeconds * 1000;
    },
    set maxAge(milliseconds: number | null) {
      session.idleTimeoutInSeconds =
        milliseconds === null ? defaultIdleTimeoutInSeconds : Math.ceil(milliseconds / 1000);
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
  });
}
