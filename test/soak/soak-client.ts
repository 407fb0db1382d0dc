import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseSetCookie } from '../support/set-cookie.js';
import type { ApplicationProcess } from './application-process.js';

/** Longer than any request may take, so that the bound finds what hangs. */
const GIVE_UP_AFTER_MILLISECONDS = 60_000;
const COOKIE = 'sid';

export interface SoakRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object | undefined;
  readonly credential?: string | undefined;
  /** The visitor goes away after so many milliseconds. */
  readonly leaveAfter?: number | undefined;
}

export interface SoakReply {
  /** `refused`: never sent, since nobody listens. `lost`: sent, and the connection ended without a whole answer. */
  readonly status: number | 'refused' | 'lost';
  /** The status that has arrived, also where the rest was lost. */
  readonly head?: number | undefined;
  readonly body: unknown;
  /** The credential that the answer gives, `''` where it takes it away; `undefined` where it does neither. */
  readonly credential: string | undefined;
  /** Whether the application that answered has ended since. */
  readonly restarted?: () => boolean;
  readonly begin: number;
  readonly end: number;
}

// A connection for each request: an application that ends is not kept up by those that are open.
const agent = new Agent({ keepAlive: false });

/** Sends a request to an application over real HTTP. Always resolves. */
export async function send(app: ApplicationProcess, given: SoakRequest): Promise<SoakReply> {
  const begin = performance.now();
  const { starts } = app;
  let head: number | undefined;
  const ended = (status: SoakReply['status'], body: unknown, credential?: string): SoakReply => ({
    status,
    head,
    body,
    credential,
    restarted: () => app.starts !== starts,
    begin,
    end: performance.now(),
  });
  try {
    const answer = await exchange(app.port, given);
    head = answer.statusCode;
    const content = await text(answer);
    const cookies = (answer.headers['set-cookie'] ?? []).map(parseSetCookie);
    const cookie = cookies.find(({ name }) => name === COOKIE)?.value;
    return ended(answer.statusCode ?? 0, content && JSON.parse(content), cookie);
  } catch (error) {
    const { code } = error as { code?: string };
    return ended(code === 'ECONNREFUSED' ? 'refused' : 'lost', { code });
  }
}

function exchange(
  port: number,
  { method, path, body, credential, leaveAfter = GIVE_UP_AFTER_MILLISECONDS }: SoakRequest,
): Promise<IncomingMessage> {
  const content = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(credential !== undefined && { cookie: `${COOKIE}=${credential}` }),
    ...(content !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(content),
    }),
  };
  const signal = AbortSignal.timeout(leaveAfter);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path, headers, agent, signal }, resolve)
      .once('error', reject)
      .end(content);
  });
}
