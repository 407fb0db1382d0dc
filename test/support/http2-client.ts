import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type SecureClientSessionOptions,
} from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import { CookieJar } from './cookie-jar.js';

export interface Http2Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: () => any; // oxlint-disable-line typescript/no-explicit-any -- a test knows what it asked for
}

/** A visitor with a cookie jar, over one HTTP/2 connection. */
export class Http2Client {
  readonly #session: ClientHttp2Session;
  readonly #at: { host: string; path: string; secure: boolean };
  readonly #jar = new CookieJar();

  constructor(url: string, options?: SecureClientSessionOptions) {
    this.#at = { host: new URL(url).hostname, path: '/', secure: true };
    this.#session = connect(url, options);
    this.#session.on('error', () => undefined);
  }

  get(path: string, headers?: Record<string, string>): Promise<Http2Answer> {
    return this.request('GET', path, { headers });
  }

  post(path: string, json?: unknown): Promise<Http2Answer> {
    return this.request('POST', path, { json });
  }

  /** @throws if the server resets the stream */
  async request(
    method: string,
    path: string,
    { headers, json }: { headers?: Record<string, string> | undefined; json?: unknown } = {},
  ): Promise<Http2Answer> {
    const stream = this.open(method, path, { headers, json });
    let answer: IncomingHttpHeaders = {};
    stream.once('response', (received) => (answer = received));
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk as string;
    for (const cookie of answer['set-cookie'] ?? []) this.#jar.receive(cookie, this.#at);
    return { status: Number(answer[':status']), headers: answer, text, json: () => JSON.parse(text) };
  }

  /** One request whose answer the test reads, or aborts, itself. */
  open(
    method: string,
    path: string,
    { headers, json }: { headers?: Record<string, string> | undefined; json?: unknown } = {},
  ): ClientHttp2Stream {
    const cookies = this.#jar.matching(this.#at).map(({ name, value }) => `${name}=${value}`);
    const stream = this.#session.request({
      ':method': method,
      ':path': path,
      ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    });
    stream.end(json === undefined ? undefined : JSON.stringify(json));
    return stream;
  }

  /** Closes the connection and its streams. */
  close(): void {
    this.#session.destroy();
  }
}
