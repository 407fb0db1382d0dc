export interface SetCookie {
  name: string;
  value: string;
  /** By lower-case name, with '' as the value of a flag. `{ path: '/', httponly: '', 'max-age': '1200' }` */
  attributes: Record<string, string>;
  /** The header as it was sent. */
  raw: string;
  /** Why a browser rejects it, if it does. */
  rejected?: string;
}

/** RFC 6265bis, section 5.6; the last attribute of a name wins. */
export function parseSetCookie(raw: string): SetCookie {
  const [pair = '', ...rest] = raw.split(';');
  // Without "=", the text is the value of a cookie without a name.
  const [name, value] = pair.includes('=') ? halves(pair) : ['', pair.trim()];
  const attributes = rest.map(halves).map(([key, text]) => [key.toLowerCase(), text] as const);
  return { name, value, attributes: Object.fromEntries(attributes), raw };
}

function halves(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
