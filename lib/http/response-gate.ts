import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

type Call = () => void;
type HeaderList = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** What describes an answer that is not sent after all: headers that do not fit the one in its place. */
export const ANSWER_HEADERS = [
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'transfer-encoding',
];

/**
 * Holds an answer back until `commit` has ended, whoever writes it and however: the first call that would put bytes on
 * the wire starts the commit, and what is written meanwhile waits in order.
 *
 * @param fail gets the error of a commit that failed, with the answer discarded and its headers reset: the place to
 * answer anew.
 */
export function gateResponse(
  response: ServerResponse,
  commit: () => Promise<void> | undefined,
  fail: (error: unknown) => void,
): void {
  const original = {
    writeHead: response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse,
    write: response.write.bind(response) as (...args: unknown[]) => boolean,
    end: response.end.bind(response) as (...args: unknown[]) => ServerResponse,
    flushHeaders: response.flushHeaders.bind(response),
  };
  let state: 'closed' | 'committing' | 'open' | 'discarded' = 'closed';
  let held: Call[] = [];
  let backPressure = false;
  let ended = false;

  /** Whether the call may go through at once. */
  function passes(): boolean {
    if (state !== 'closed') return state === 'open';
    let pending: Promise<void> | undefined;
    state = 'committing';
    try {
      pending = commit();
    } catch (error) {
      discard(error);
      return false;
    }
    if (pending === undefined) {
      state = 'open';
      return true;
    }
    pretendSent(response, () => ended);
    pending.then(release, discard);
    return false;
  }

  function release(): void {
    state = 'open';
    stopPretending(response);
    try {
      for (const call of held) call();
    } catch (error) {
      // What the writer of the answer would have caught: a header that Node refuses, say.
      return discard(error);
    }
    if (backPressure) drain(response);
  }

  // Whoever wrote the discarded answer may go on writing it; none of that may get into the one that takes its place.
  function discard(error: unknown): void {
    state = 'discarded';
    stopPretending(response);
    held = [];
    if (response.headersSent) return void response.destroy();
    for (const name of ANSWER_HEADERS) response.removeHeader(name);
    response.statusCode = 200;
    response.writeHead = original.writeHead;
    response.flushHeaders = original.flushHeaders;
    response.write = ((...args: unknown[]) =>
      !response.writableEnded && original.write(...args)) as ServerResponse['write'];
    response.end = ((...args: unknown[]) =>
      response.writableEnded ? response : original.end(...args)) as ServerResponse['end'];
    try {
      fail(error);
    } catch {
      response.destroy();
    }
  }

  response.writeHead = function writeHead(...args: unknown[]): ServerResponse {
    if (state === 'open') return original.writeHead(...args);
    // The status decides whether the changes are kept, so the commit has to see it.
    if (state === 'closed' && typeof args[0] === 'number') response.statusCode = args[0];
    if (passes()) return original.writeHead(...withOurCookies(response, args));
    // After anything else it is too late for a head, as it is for Node.
    if (state === 'committing' && held.length === 0) {
      held.push(() => original.writeHead(...withOurCookies(response, args)));
    }
    return response;
  };

  response.write = function write(...args: unknown[]): boolean {
    if (passes()) return original.write(...args);
    if (state !== 'committing' || ended) return false;
    held.push(() => original.write(...args));
    backPressure = true;
    return false;
  } as ServerResponse['write'];

  response.end = function end(...args: unknown[]): ServerResponse {
    if (passes()) return original.end(...args);
    if (state === 'committing' && !ended) {
      ended = true;
      held.push(() => original.end(...args));
    }
    return response;
  } as ServerResponse['end'];

  response.flushHeaders = function flushHeaders(): void {
    if (passes()) original.flushHeaders();
    else if (state === 'committing') held.push(original.flushHeaders);
  };
}

// To the code that wrote the answer it is on its way: a filter must not write a second one over it.
function pretendSent(response: ServerResponse, ended: () => boolean): void {
  Object.defineProperty(response, 'headersSent', { configurable: true, get: () => true });
  Object.defineProperty(response, 'writableEnded', { configurable: true, get: ended });
}

function stopPretending(response: ServerResponse): void {
  delete (response as { headersSent?: boolean }).headersSent;
  delete (response as { writableEnded?: boolean }).writableEnded;
}

// A stream that pipes into the answer waits for this. Compression keeps the listeners on a stream of its own, and its
// `on` returns whoever got them.
function drain(response: ServerResponse): void {
  const listened = response.on('drain', noop);
  listened.off('drain', noop);
  for (const writable of new Set([response, listened])) {
    if (!writable.writableNeedDrain) writable.emit('drain');
  }
}

function noop(): void {}

// Headers given to writeHead replace those of the same name that were set before; cookies are to be added instead.
function withOurCookies(response: ServerResponse, args: unknown[]): unknown[] {
  const headers = args.findLast((arg) => typeof arg === 'object' && arg !== null) as HeaderList | undefined;
  if (headers === undefined || !response.hasHeader('set-cookie')) return args;
  const [rest, cookies] = takeCookies(headers);
  for (const cookie of cookies) response.appendHeader('set-cookie', cookie);
  return args.map((arg) => (arg === headers ? rest : arg));
}

function takeCookies(headers: HeaderList): [HeaderList, string[]] {
  const pairs = Array.isArray(headers) ? pairsIn(headers) : Object.entries(headers);
  const cookies = pairs
    .filter(isCookie)
    .flatMap(([, value]) => (Array.isArray(value) ? value : [String(value)]));
  const rest = pairs.filter((pair) => !isCookie(pair));
  return [
    Array.isArray(headers) ? rest.flatMap(([name, value]) => [name, value!]) : Object.fromEntries(rest),
    cookies,
  ];
}

// Node takes names and values in turn, and a list of pairs.
function pairsIn(headers: OutgoingHttpHeader[]): (readonly [string, OutgoingHttpHeader])[] {
  if (Array.isArray(headers[0])) return headers as unknown as [string, string][];
  return Array.from(
    { length: headers.length / 2 },
    (_, i) => [String(headers[2 * i]), headers[2 * i + 1]!] as const,
  );
}

function isCookie([name]: readonly [string, unknown]): boolean {
  return name.toLowerCase() === 'set-cookie';
}
