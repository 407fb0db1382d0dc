import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { checkStatus } from './node-errors.js';

type Header = readonly [name: string, value: OutgoingHttpHeader];
type Given = OutgoingHttpHeaders | OutgoingHttpHeader[] | Header[] | undefined;

/** The status and headers that were passed to `writeHead()`. */
export class WrittenHead {
  readonly #names = new Set<string>();
  readonly #cookies: string[] = [];

  /**
   * Sets them on the response, so that the commit sees the complete head and can add its cookie.
   * @throws the error that Node throws for an invalid status or header
   */
  constructor(
    private readonly response: ServerResponse,
    [statusCode, reason, headers]: unknown[],
  ) {
    const message = typeof reason === 'string' ? reason : undefined;
    response.statusCode = Number(statusCode) | 0;
    checkStatus(response.statusCode);
    if (message !== undefined && response.req.httpVersionMajor < 2) response.statusMessage = message;
    for (const header of headersIn((message === undefined ? (headers ?? reason) : headers) as Given)) {
      this.#set(header);
    }
  }

  /** Removes them from the response. */
  remove(): void {
    const { response } = this;
    for (const name of this.#names) response.removeHeader(name);
    if (this.#cookies.length === 0) return;
    const cookies = [response.getHeader('set-cookie') ?? []].flat() as string[];
    const others = cookies.filter((cookie) => !this.#cookies.includes(cookie));
    if (others.length > 0) response.setHeader('set-cookie', others);
    else response.removeHeader('set-cookie');
  }

  // As in Node, headers replace those that were set before, and a repeated header is sent twice. Cookies are added.
  #set([name, value]: Header): void {
    const isCookie = name.toLowerCase() === 'set-cookie';
    if (isCookie || this.#names.has(name)) this.response.appendHeader(name, value as string);
    else this.response.setHeader(name, value);
    if (isCookie) this.#cookies.push(...([value].flat() as string[]));
    else this.#names.add(name);
  }
}

// Node accepts an object, a flat array of names and values, and an array of pairs.
function headersIn(given: Given): readonly Header[] {
  if (typeof given !== 'object' || given === null) return [];
  if (!Array.isArray(given)) return Object.entries(given) as Header[];
  if (Array.isArray(given[0])) return given as Header[];
  const flat = given as OutgoingHttpHeader[];
  return Array.from({ length: Math.ceil(flat.length / 2) }, (_, i) => [
    String(flat[2 * i]),
    flat[2 * i + 1]!,
  ]);
}
