import { Flag, OneOf, Optional, Text, Token } from './expectations.js';

/** The cookie that carries the session's credential. */
export class CookieOptions {
  /**
   * The name of the cookie. If `secure` is true, a name without a prefix gets one: `__Host-`, or `__Secure-` if `domain`
   * is set or `path` is not `/`. Browsers accept a `__Host-` cookie only from the host itself, so that no other subdomain
   * can plant a session, and a `__Secure-` cookie only over HTTPS (RFC 6265bis §4.1.3). A name that starts with `__` is
   * not changed.
   * @default 'sid'
   * @example 'shop' // `__Host-shop` in production
   */
  @Token("a cookie name of letters, digits and !#$%&'*+-.^_`|~ (RFC 6265)")
  readonly name: string = 'sid';

  /**
   * Limits the cookie to this path and the paths below it (RFC 6265 §5.1.4). Other requests get no session and no cookie.
   * Set the path that the application sees: a proxy must not strip it. This is not a security boundary: pages of one host
   * can reach each other's cookies.
   * @default '/'
   * @example '/shop'
   */
  @Text('a path that starts with "/" and contains no ";" or control character', /^\/[\x20-\x3a\x3d-\x7e]*$/)
  readonly path: string = '/';

  /**
   * Sends the cookie to this domain and all its subdomains. Without it, only the host that set the cookie receives it. Set
   * it only if several hosts share one session.
   * @default none
   * @example 'example.com'
   */
  @Optional()
  @Text('a domain such as "example.com"', /^\.?[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i)
  readonly domain?: string;

  /**
   * Sends the cookie only over HTTPS (OWASP ASVS 5.0 V3.3.1). `true` always sets the attribute, also behind a proxy that
   * ends TLS. `'auto'` sets it if the framework reports HTTPS for the request: it relies on the framework's trust-proxy
   * setting, never on a raw header.
   * @default true if NODE_ENV is `production`, otherwise 'auto'
   */
  @OneOf(true, false, 'auto')
  readonly secure: boolean | 'auto' = 'auto';

  /**
   * Hides the cookie from scripts, so that an injected script cannot read it (OWASP ASVS 5.0 V3.3.4).
   * @default true
   */
  @Flag()
  readonly httpOnly: boolean = true;

  /**
   * Which requests from other sites send the cookie: `'lax'` those that open a page, `'strict'` none, `'none'` all.
   * `'auto'` is `None` on HTTPS and `Lax` otherwise, for embedded pages that are developed without TLS.
   * @default 'lax'
   */
  @OneOf('lax', 'strict', 'none', 'auto')
  readonly sameSite: 'lax' | 'strict' | 'none' | 'auto' = 'lax';

  /**
   * Gives an embedded page a separate cookie for each site that embeds it (CHIPS). Needs `secure: true`.
   * @default false
   */
  @Flag()
  readonly partitioned: boolean = false;

  /**
   * Which cookies Chromium evicts last if a host has too many.
   * @default none, which Chromium treats as 'medium'
   */
  @Optional()
  @OneOf('low', 'medium', 'high')
  readonly priority?: 'low' | 'medium' | 'high';

  /**
   * Sends Max-Age, so that the cookie survives closing the browser. The session still ends by its timeouts.
   * @default false: the browser deletes the cookie when it closes
   */
  @Flag()
  readonly persistent: boolean = false;
}
