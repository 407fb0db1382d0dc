// Printable ASCII in origin form (RFC 9112, 3.2.1), without what routers, proxies and URL parsers disagree on: a second
// slash in front, a backslash, a fragment.
const PLAIN = /^\/(?!\/)[!"$-[\]-~]*$/;
const DOT_SEGMENT = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:[/;]|%2f|%5c|$)/i;
const AMBIGUOUS = /[%;]|\/\//;
const NOT_ASCII = /(?:%[89a-f][\da-f])+/gi;

/**
 * The path of a request's target, as it was sent. @returns `undefined` if the target is none that a browser sends: in
 * absolute form, with a fragment, a backslash or a dot segment.
 */
export function pathOf(target: string): string | undefined {
  const end = target.indexOf('?');
  const path = end === -1 ? target : target.slice(0, end);
  if (!PLAIN.test(path) || DOT_SEGMENT.test(path) || target.includes('#')) return undefined;
  return withLetters(path);
}

/**
 * The path as the most lenient router reads it: escapes decoded, slashes merged, cut at a semicolon.
 * @returns `undefined` if it holds a malformed escape
 */
export function lenientPathOf(path: string): string | undefined {
  if (!AMBIGUOUS.test(path)) return path;
  try {
    return decodeURIComponent(path.split(';', 1)[0]!).replace(/[\\/]+/g, '/');
  } catch {
    return undefined;
  }
}

/** A path or pattern with letters beyond ASCII as themselves: clients always escape them, and routers may not. */
export function withLetters(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return path.replace(NOT_ASCII, decodeURIComponent);
  } catch {
    return path;
  }
}

/** Whether a cookie of this path belongs to a request's path: RFC 6265, 5.1.4. */
export function isBelow(path: string, cookiePath: string): boolean {
  if (!path.startsWith(cookiePath)) return false;
  return path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/';
}
