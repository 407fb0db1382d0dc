// Origin form in printable ASCII (RFC 9112, 3.2.1). Excludes what routers, proxies and URL parsers read differently: two
// leading slashes, a backslash, a fragment.
const PLAIN = /^\/(?!\/)[!"$-[\]-~]*$/;
const DOT_SEGMENT = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:[/;]|%2f|%5c|$)/i;
const AMBIGUOUS = /[%;]|\/\//;
const NOT_ASCII = /(?:%[89a-f][\da-f])+/gi;

/**
 * Returns the path of a request's target, as it was sent.
 * @returns `undefined` if no browser sends such a target: absolute form, or a fragment, a backslash or a dot segment in it
 */
export function pathOf(target: string): string | undefined {
  const end = target.indexOf('?');
  const path = end === -1 ? target : target.slice(0, end);
  if (!PLAIN.test(path) || DOT_SEGMENT.test(path) || target.includes('#')) return undefined;
  return withLetters(path);
}

/**
 * Returns the path as the most lenient router reads it: escapes decoded, slashes merged, cut at a semicolon.
 * @returns `undefined` if an escape is malformed
 */
export function lenientPathOf(path: string): string | undefined {
  if (!AMBIGUOUS.test(path)) return path;
  try {
    return decodeURIComponent(path.split(';', 1)[0]!).replace(/[\\/]+/g, '/');
  } catch {
    return undefined;
  }
}

/** Decodes the letters beyond ASCII in a path or pattern: clients always escape them, and patterns may not. */
export function withLetters(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return path.replace(NOT_ASCII, decodeURIComponent);
  } catch {
    return path;
  }
}

/** Whether clients send a cookie of this path with a request for `path` (RFC 6265, 5.1.4). */
export function isBelow(path: string, cookiePath: string): boolean {
  if (!path.startsWith(cookiePath)) return false;
  return path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/';
}
