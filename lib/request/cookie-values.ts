/**
 * The values of every cookie of a name, in their order; `prefix` is the name with its "=". Not `cookie.parse`: that keeps
 * the first of two cookies of one name, and the valid one may be the second (an old cookie on a longer path, another one
 * on the parent domain).
 */
export function cookieValues(header: string, prefix: string): string[] {
  const values: string[] = [];
  for (let at = header.indexOf(prefix); at !== -1; at = header.indexOf(prefix, at + 1)) {
    if (!beginsCookie(header, at)) continue;
    const end = header.indexOf(';', at);
    values.push(header.slice(at + prefix.length, end === -1 ? undefined : end).trim());
  }
  return values;
}

function beginsCookie(header: string, at: number): boolean {
  let before = at - 1;
  while (header[before] === ' ') before--;
  return before < 0 || header[before] === ';';
}
