import { serialize } from 'cookie';
import { cookieValues } from '../request/cookie-session-id-resolver.js';
import type { SessionAnswer } from '../request/session-answer.js';
import type { CookieAttributes } from '../session/session-cookie.js';
import type { MacKeys } from './mac-keys.js';

/**
 * What a bound cookie proves.
 * - `device`: its browser has proved a moment ago that it holds the key of the session.
 * - `login`: its browser was given the session a moment ago, and may still be registering a key.
 */
export type CookieProof = 'device' | 'login';

const COOKIE = /^([dl])([\da-z]{8,9})\.([\w-]{4})\.([\w-]{43})$/;

// A page on a sibling domain can plant cookies of this name before the right one. More than this are not a browser's.
const MOST_READ = 4;

// A request may be on its way when the browser's copy expires, and the clocks of servers differ.
const LEEWAY_MS = 30_000;

/** The cookie that shows the proof of a browser: a MAC over the session, the thumbprint of its key and an expiry. */
export class BoundCookie {
  readonly #prefix: string;

  constructor(
    readonly name: string,
    private readonly sent: CookieAttributes,
    private readonly keys: MacKeys,
  ) {
    this.#prefix = `${name}=`;
  }

  /** The attributes as the browser must know them to tell whether it has the cookie. */
  get attributes(): string {
    return serialize('name', '', this.sent).replace(/^name=; /, '');
  }

  /** @param thumbprint of the session's key; '' while it has none. @returns the Set-Cookie header */
  issue(id: string, thumbprint: string, seconds: number): string {
    const expiresAt = (Date.now() + seconds * 1000 + LEEWAY_MS).toString(36);
    const body = (thumbprint === '' ? 'l' : 'd') + expiresAt;
    const value = `${body}.${this.keys.sign(signed(body, id, thumbprint))}`;
    return serialize(this.name, value, { ...this.sent, maxAge: seconds });
  }

  /** Makes the browser forget the cookie. */
  expire(answer: SessionAnswer): void {
    answer.addCookie(serialize(this.name, '', { ...this.sent, maxAge: 0, expires: new Date(0) }));
  }

  /**
   * What the cookies of a request prove for a session.
   * @param thumbprint of the session's key; '' if it has none
   * @returns `undefined` if they prove nothing, or their time is over
   */
  proofIn(header: string | string[] | undefined, id: string, thumbprint: string): CookieProof | undefined {
    if (typeof header !== 'string') return undefined;
    const values = cookieValues(header, this.#prefix);
    for (let n = 0; n < values.length && n < MOST_READ; n++) {
      const proof = this.#proofOf(values[n]!, id, thumbprint);
      if (proof !== undefined) return proof;
    }
    return undefined;
  }

  #proofOf(value: string, id: string, thumbprint: string): CookieProof | undefined {
    const found = COOKIE.exec(value);
    if (found === null || Date.now() >= Number.parseInt(found[2]!, 36)) return undefined;
    const proof = found[1] === 'd' ? 'device' : 'login';
    const text = signed(found[1]! + found[2]!, id, proof === 'device' ? thumbprint : '');
    return this.keys.verify(text, found[3]!, found[4]!) ? proof : undefined;
  }
}

// No part contains a dot.
function signed(body: string, id: string, thumbprint: string): string {
  return `${body}.${id}.${thumbprint}`;
}
