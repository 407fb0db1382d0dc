import { request as send, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { CookieJar } from './cookie-jar.js';
import type { SetCookie } from './set-cookie.js';

export interface BrowserOptions {
  /** Behaves as if the page was loaded over https: sends `X-Forwarded-Proto: https`. @default false */
  secure?: boolean;
  /** The host name in the address bar, sent as Host and used for cookies. @default that of the URL */
  host?: string;
}

export interface BrowserRequest {
  headers?: Record<string, string>;
  json?: unknown;
  body?: string | Buffer;
  /** Aborted when the visitor leaves. */
  signal?: AbortSignal;
}

export interface BrowserResponse {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
  json: () => any; // oxlint-disable-line typescript/no-explicit-any -- a test knows what it asked for
  setCookies: SetCookie[];
}

/** A visitor with a cookie jar, over real HTTP. Redirects are returned, not followed. */
export class Browser {
  readonly #url: URL;
  readonly #options: BrowserOptions;
  #jar = new CookieJar();

  constructor(baseUrl: string, options: BrowserOptions = {}) {
    this.#url = new URL(baseUrl);
    this.#options = options;
  }

  get(path: string, init?: BrowserRequest): Promise<BrowserResponse> {
    return this.request('GET', path, init);
  }

  post(path: string, json?: unknown, init?: BrowserRequest): Promise<BrowserResponse> {
    return this.request('POST', path, { json, ...init });
  }

  put(path: string, json?: unknown, init?: BrowserRequest): Promise<BrowserResponse> {
    return this.request('PUT', path, { json, ...init });
  }

  delete(path: string, init?: BrowserRequest): Promise<BrowserResponse> {
    return this.request('DELETE', path, init);
  }

  async request(method: string, path: string, init: BrowserRequest = {}): Promise<BrowserResponse> {
    const url = new URL(path, this.#url);
    const answer = await this.#send(method, url, init);
    const raw = answer.headers['set-cookie'] ?? [];
    const setCookies = raw.map((header) => this.#jar.receive(header, this.#at(url.pathname)));
    const content = await text(answer);
    const { headers, statusCode: status = 0 } = answer;
    return { status, headers, setCookies, text: content, json: () => JSON.parse(content) };
  }

  /** The value of the cookie with this name and any path, or undefined. */
  cookie(name: string): string | undefined {
    return this.#jar.all().find((cookie) => cookie.name === name)?.value;
  }

  /** Stores a cookie as a page could. It is sent to `path` and below. */
  setCookie(name: string, value: string, { path = '/' }: { path?: string } = {}): void {
    this.#jar.set(name, value, { host: this.#host, path });
  }

  clearCookies(): void {
    this.#jar.clear();
  }

  /** Another browser with a copy of the cookies: a thief, or an independent tab. */
  clone(): Browser {
    const copy = new Browser(this.#url.href, this.#options);
    copy.#jar = this.#jar.clone();
    return copy;
  }

  get #host(): string {
    return this.#options.host?.toLowerCase() ?? this.#url.hostname;
  }

  // Loopback counts as secure, as in Chromium: a Secure cookie over plain http to 127.0.0.1 is kept.
  #at(path: string) {
    const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(this.#host);
    return { host: this.#host, path, secure: this.#options.secure === true || loopback };
  }

  #send(method: string, url: URL, { headers, json, body, signal }: BrowserRequest): Promise<IncomingMessage> {
    const cookies = this.#jar
      .matching(this.#at(url.pathname))
      .map(({ name, value }) => (name ? `${name}=${value}` : value));
    const content = json === undefined ? body : JSON.stringify(json);
    const sent = {
      ...(this.#options.host && { host: this.#options.host }),
      ...(this.#options.secure && { 'x-forwarded-proto': 'https' }),
      ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...(content !== undefined && { 'content-length': String(Buffer.byteLength(content)) }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      // No keep-alive: a server that closes must not wait for a browser.
      send(url, { method, headers: sent, signal, agent: false }, resolve).once('error', reject).end(content);
    });
  }
}
