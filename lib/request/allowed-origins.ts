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
  const { origin } = headers;
  if (origin === undefined) return true;
  if (typeof origin !== 'string' || origin === 'null') return false;
  if (allowed === undefined) {
    const host = hostOf(headers);
    return typeof host === 'string' && host !== '' && isSameOrigin(origin, host, secure);
  }
  if (typeof allowed !== 'function') return allowed.includes(origin);
  const answer: unknown = allowed(origin, headers);
  // A promise is not a permission.
  return answer === true;
}

/**
 * Whether a page of another origin sends a request, so that the visitor's cookies must not count. A page can set none of
 * these headers (Fetch, 2.2.2). A request without them is not from a browser that has the visitor's cookies.
 * @param secure as for `isOriginAllowed`
 * @param trusted origins of other sites that may send requests
 */
export function isCrossSite(headers: RequestHeaders, secure: boolean, trusted?: AllowedOrigins): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  // The browser's own judgement needs no Host, which a proxy may have changed.
  if (site === 'same-origin' || site === 'none') return false;
  if (site === undefined && isOriginAllowed(headers, secure)) return false;
  return origin === undefined || trusted === undefined || !isOriginAllowed(headers, secure, trusted);
}

/** The host that a request names. HTTP/2 sends `:authority` instead of the header (RFC 9113, 8.3.1). */
export function hostOf(headers: RequestHeaders): string | string[] | undefined {
  return headers[':authority'] ?? headers['host'];
}

// Text against text: browsers send both headers in the same form, and a parser would accept more than they send.
function isSameOrigin(origin: string, host: string, secure: boolean): boolean {
  const isHttps = origin.startsWith('https://');
  if (!isHttps && (secure || !origin.startsWith('http://'))) return false;
  const defaultPort = isHttps ? ':443' : ':80';
  const address = host.endsWith(defaultPort) ? host.slice(0, -defaultPort.length) : host;
  return origin.slice(isHttps ? 8 : 7) === address.toLowerCase();
}
