import { serialize, type SerializeOptions } from 'cookie';
import type { CookieOptions } from '../options/cookie-options.js';
import { cookieAttributesOf } from '../session/session-cookie.js';
import { parseCredential, type SessionCredential } from '../session/session-credential.js';
import { keepFromSharedCaches, type RequestHeaders, type SessionAnswer } from './session-answer.js';
import type { SessionIdResolver } from './session-id-resolver.js';

/** The credential in a cookie (RFC 6265bis). */
export class CookieSessionIdResolver implements SessionIdResolver {
  readonly path: string;
  readonly transport: string;

  constructor(private readonly options: CookieOptions) {
    this.path = options.path;
    const domain = options.domain === undefined ? '' : ` of ${options.domain}`;
    this.transport = `cookie "${options.name}" at ${options.path}${domain}`;
  }

  resolve({ cookie: header }: RequestHeaders): SessionCredential[] {
    return typeof header !== 'string' ? [] : credentialsIn(header, `${this.options.name}=`);
  }

  resends(persistent: boolean): boolean {
    return persistent || this.options.persistent;
  }

  isSecure(answer: SessionAnswer): boolean {
    return cookieAttributesOf(this.options, answer.secure).secure;
  }

  send(answer: SessionAnswer, credential: string, idleTimeoutInSeconds: number, persistent: boolean): void {
    const maxAge = this.resends(persistent) ? { maxAge: idleTimeoutInSeconds } : undefined;
    this.#set(answer, credential, maxAge);
  }

  headersOf(credential: string): Record<string, string> {
    return { cookie: `${this.options.name}=${credential}` };
  }

  // A browser removes a cookie only if name, path and domain are those it was set with, and takes a `__Host-` or
  // partitioned one only with the attributes that those ask for: so all of them are repeated.
  expire(answer: SessionAnswer): void {
    this.#set(answer, '', { maxAge: 0, expires: new Date(0) });
  }

  #set(answer: SessionAnswer, value: string, lifetime: SerializeOptions | undefined): void {
    const attributes = cookieAttributesOf(this.options, answer.secure);
    answer.addCookie(serialize(this.options.name, value, { ...attributes, ...lifetime }));
    keepFromSharedCaches(answer);
  }
}

function credentialsIn(header: string, prefix: string): SessionCredential[] {
  const found: SessionCredential[] = [];
  for (const value of cookieValues(header, prefix)) {
    const credential = parseCredential(value);
    if (credential !== undefined) found.push(credential);
  }
  return found;
}

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
