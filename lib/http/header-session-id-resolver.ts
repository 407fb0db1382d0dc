import type { HeaderOptions } from '../options/header-options.js';
import { parseCredential, type SessionCredential } from '../session/session-credential.js';
import type { SessionExchange } from './session-exchange.js';
import type { SessionIdResolver } from './session-id-resolver.js';

/** The credential in a header, for API clients. The answer gives a new one in a header of the same name; '' clears it. */
export class HeaderSessionIdResolver implements SessionIdResolver {
  readonly resends = false;
  readonly carrier: string;
  readonly #name: string;
  readonly #prefix: string;

  constructor({ name, scheme }: HeaderOptions) {
    this.#name = name.toLowerCase();
    this.#prefix = scheme ? `${scheme} ` : '';
    this.carrier = `header "${name}"${scheme ? ` with the scheme ${scheme}` : ''}`;
  }

  resolve(exchange: SessionExchange): SessionCredential[] {
    const value = exchange.requestHeader(this.#name);
    if (value === undefined || !this.#hasScheme(value)) return [];
    const credential = parseCredential(value.slice(this.#prefix.length).trim());
    return credential === undefined ? [] : [credential];
  }

  send(exchange: SessionExchange, credential: string): void {
    this.#set(exchange, `${this.#prefix}${credential}`);
  }

  expire(exchange: SessionExchange): void {
    this.#set(exchange, '');
  }

  #set(exchange: SessionExchange, value: string): void {
    exchange.setHeader(this.#name, value);
    exchange.keepFromSharedCaches();
  }

  // RFC 9110, 11.1: the name of a scheme is case-insensitive.
  #hasScheme(value: string): boolean {
    return value.slice(0, this.#prefix.length).toLowerCase() === this.#prefix.toLowerCase();
  }
}
