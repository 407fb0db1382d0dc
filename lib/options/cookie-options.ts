import { Flag, OneOf, Optional, Text, Token } from './expectations.js';

/** The cookie that carries the session's credential. */
export class CookieOptions {
  /**
   * Names the cookie. If `secure` is true, a name without a prefix gets one: `__Host-`, or `__Secure-` if `domain` or
   * another `path` than `/` is set. Only this very host can set a cookie whose name begins with `__Host-`, so that a
   * neighbouring subdomain cannot plant a session; only HTTPS can set one that begins with `__Secure-` (RFC 6265bis
   * §4.1.3). A name that begins with `__` stays as it is.
   * @default 'sid'
   * @example 'shop' // `__Host-shop` in production
   */
  @Token("a cookie name of letters, digits and !#$%&'*+-.^_`|~ (RFC 6265)")
  readonly name: string = 'sid';

  /**
   * Limits the cookie to this path and those below it (RFC 6265 §5.1.4). Requests elsewhere get no session and no cookie,
   * so it must be the path that the application sees: a proxy must not strip it. It is no protection: pages of one host
   * can reach each other's cookies.
   * @default '/'
   * @example '/shop'
   */
  @Text('a path that begins with "/" and holds no ";" or control character', /^\/[\x20-\x3a\x3d-\x7e]*$/)
  readonly path: string = '/';

  /**
   * Sends the cookie to this domain and all of its subdomains. Without it the cookie stays with the host that set it,
   * which is what you want unless several hosts share one session.
   * @default none
   * @example 'example.com'
   */
  @Optional()
  @Text('a domain such as "example.com"', /^\.?[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i)
  readonly domain?: string;

  /**
   * Keeps the cookie off unencrypted connections (OWASP ASVS 5.0 V3.3.1).
   * `true` always sends the attribute, also where a proxy ends TLS. `'auto'` sends it where the framework says that the
   * request came by HTTPS: it believes the framework's trust-proxy setting, never a raw header.
   * @default true where NODE_ENV is `production`, else 'auto'
   */
  @OneOf(true, false, 'auto')
  readonly secure: boolean | 'auto' = 'auto';

  /**
   * Keeps the cookie from scripts of the page, so that injected ones cannot read it (OWASP ASVS 5.0 V3.3.4).
   * @default true
   */
  @Flag()
  readonly httpOnly: boolean = true;

  /**
   * Which requests from other sites carry the cookie: `'lax'` those that open a page, `'strict'` none, `'none'` all.
   * `'auto'` is `None` on HTTPS and `Lax` elsewhere: for pages in another site's frame that are developed without TLS.
   * @default 'lax'
   */
  @OneOf('lax', 'strict', 'none', 'auto')
  readonly sameSite: 'lax' | 'strict' | 'none' | 'auto' = 'lax';

  /**
   * Gives a page in another site's frame a cookie of its own per site around it (CHIPS). Needs `secure: true`.
   * @default false
   */
  @Flag()
  readonly partitioned: boolean = false;

  /**
   * Which cookies Chromium throws out last when a host has too many.
   * @default none, which Chromium takes for 'medium'
   */
  @Optional()
  @OneOf('low', 'medium', 'high')
  readonly priority?: 'low' | 'medium' | 'high';

  /**
   * Sends Max-Age, so that the cookie outlives the browser window. The session still ends by its timeouts.
   * @default false: the cookie goes when the browser closes
   */
  @Flag()
  readonly persistent: boolean = false;
}
