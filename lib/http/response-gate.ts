import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

type Call = () => void;
type HeaderList = OutgoingHttpHeaders | OutgoingHttpHeader[];

// What describes the body of an answer that is not sent after all.
const ENTITY_HEADERS = [
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
  let state: 'closed' | 'committing' | 'open' = 'closed';
  let held: Call[] = [];
  let headHeld = false;
  let backPressure = false;

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

  let ended = false;

  function release(): void {
    open();
    for (const call of held) call();
    if (backPressure && !response.writableNeedDrain) response.emit('drain');
  }

  function discard(error: unknown): void {
    open();
    held = [];
    for (const name of ENTITY_HEADERS) response.removeHeader(name);
    response.statusCode = 200;
    fail(error);
  }

  function open(): void {
    state = 'open';
    stopPretending(response);
  }

  response.writeHead = function writeHead(...args: unknown[]): ServerResponse {
    if (state === 'open') return original.writeHead(...args);
    // The status decides whether the changes are kept, so the commit has to see it.
    if (typeof args[0] === 'number') response.statusCode = args[0];
    if (passes()) return original.writeHead(...withOurCookies(response, args));
    if (state === 'committing' && !headHeld) {
      headHeld = true;
      held.push(() => original.writeHead(...withOurCookies(response, args)));
    }
    return response;
  };

  response.write = function write(...args: unknown[]): boolean {
    if (passes()) return original.write(...args);
    if (state !== 'committing') return true;
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

// Headers given to writeHead replace those of the same name that were set before; cookies are to be added instead.
function withOurCookies(response: ServerResponse, args: unknown[]): unknown[] {
  const headers = args.findLast((arg) => typeof arg === 'object' && arg !== null) as HeaderList | undefined;
  if (headers === undefined || !response.hasHeader('set-cookie')) return args;
  const [rest, cookies] = takeCookies(headers);
  for (const cookie of cookies) response.appendHeader('set-cookie', cookie);
  return args.map((arg) => (arg === headers ? rest : arg));
}

function takeCookies(headers: HeaderList): [HeaderList, string[]] {
  const pairs = Array.isArray(headers)
    ? Array.from(
        { length: headers.length / 2 },
        (_, i) => [String(headers[2 * i]), headers[2 * i + 1]] as const,
      )
    : Object.entries(headers);
  const cookies = pairs
    .filter(isCookie)
    .flatMap(([, value]) => (Array.isArray(value) ? value : [String(value)]));
  const rest = pairs.filter((pair) => !isCookie(pair));
  return [
    Array.isArray(headers) ? rest.flatMap(([name, value]) => [name, value!]) : Object.fromEntries(rest),
    cookies,
  ];
}

function isCookie([name]: readonly [string, unknown]): boolean {
  return name.toLowerCase() === 'set-cookie';
}
