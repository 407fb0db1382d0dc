import type { HeaderOptions } from '../options/header-options.js';
import { parseCredential, type SessionCredential } from '../session/session-credential.js';
import { keepFromSharedCaches, type RequestHeaders, type SessionAnswer } from './session-answer.js';
import type { SessionIdResolver } from './session-id-resolver.js';

/** The credential in a header, for API clients. The answer gives a new one in a header of the same name; '' clears it. */
export class HeaderSessionIdResolver implements SessionIdResolver {
  readonly path = '/';
  readonly transport: string;
  readonly scheme: string | undefined;
  readonly #name: string;
  readonly #prefix: string;

  constructor({ name, scheme }: HeaderOptions) {
    this.#name = name.toLowerCase();
    this.scheme = this.#name === 'authorization' && scheme ? scheme : undefined;
    this.#prefix = scheme ? `${scheme} ` : '';
    this.transport = `header "${name}"${scheme ? ` with the scheme ${scheme}` : ''}`;
  }

  resolve(headers: RequestHeaders): SessionCredential[] {
    const value = headers[this.#name];
    if (typeof value !== 'string' || !this.#hasScheme(value)) return [];
    const credential = parseCredential(value.slice(this.#prefix.length).trim());
    return credential === undefined ? [] : [credential];
  }

  resends(): boolean {
    return false;
  }

  isSecure(): undefined {
    return undefined;
  }

  send(answer: SessionAnswer, credential: string): void {
    this.#set(answer, `${this.#prefix}${credential}`);
  }

  headersOf(credential: string): Record<string, string> {
    return { [this.#name]: `${this.#prefix}${credential}` };
  }

  expire(answer: SessionAnswer): void {
    this.#set(answer, '');
  }

  #set(answer: SessionAnswer, value: string): void {
    answer.setHeader(this.#name, value);
    keepFromSharedCaches(answer);
  }

  // RFC 9110, 11.1: the name of a scheme is case-insensitive.
  #hasScheme(value: string): boolean {
    return value.slice(0, this.#prefix.length).toLowerCase() === this.#prefix.toLowerCase();
  }
}
