import type { RequestHeaders } from './session-answer.js';

/**
 * Origins as browsers send them (`https://shop.example`, `http://localhost:4200`), or a function that decides. The
 * function must return `true` to allow an origin; it is not asked about the origin `null`.
 */
export type AllowedOrigins = readonly string[] | ((origin: string, headers: RequestHeaders) => boolean);

/**
 * Whether a request comes from a page that may use the visitor's cookies here: one of the same origin unless `allowed`
 * says otherwise. A page can neither set nor drop its Origin header (RFC 6454), so a request without one is not from a
 * page of another site. `null` is refused always: any site can send it, from a sandboxed frame.
 * @param secure whether the request surely came over TLS. If not, a proxy may have ended it: both schemes pass then
 */
export function isOriginAllowed(headers: RequestHeaders, secure: boolean, allowed?: AllowedOrigins): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (typeof origin !== 'string' || origin === 'null') return false;
  if (allowed === undefined)
    return typeof host === 'string' && host !== '' && isSameOrigin(origin, host, secure);
  if (typeof allowed !== 'function') return allowed.includes(origin);
  const answer: unknown = allowed(origin, headers);
  // A promise is not a permission.
  return answer === true;
}

/** What is wrong with a list of origins, a sentence for each. */
export function faultsOfOrigins(allowed: readonly string[]): string[] {
  return allowed
    .filter((origin) => !isOrigin(origin))
    .map(
      (origin) =>
        `allowedOrigins contains ${JSON.stringify(origin)}, which is not the origin of a site. Write scheme, host and port only, like "https://shop.example" or "http://localhost:4200".`,
    );
}

// Text against text: browsers send both headers in the same form, and a parser would accept more than they send.
function isSameOrigin(origin: string, host: string, secure: boolean): boolean {
  const isHttps = origin.startsWith('https://');
  if (!isHttps && (secure || !origin.startsWith('http://'))) return false;
  const defaultPort = isHttps ? ':443' : ':80';
  const address = host.endsWith(defaultPort) ? host.slice(0, -defaultPort.length) : host;
  return origin.slice(isHttps ? 8 : 7) === address.toLowerCase();
}

// Web origins, and those of applications: capacitor://localhost, chrome-extension://…
function isOrigin(text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const { protocol, host, origin } = new URL(text);
  return origin === 'null' ? host !== '' && text === `${protocol}//${host}` : text === origin;
}
