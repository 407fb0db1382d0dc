import type { ServerResponse } from 'node:http';
import { GATE, pretendSent, type AnswerState } from './held-answer.js';
import { withOurCookies } from './write-head-cookies.js';

type Call = () => void;

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

type Gated = ServerResponse & { [GATE]?: ResponseGate };
type Method<Result> = (this: ServerResponse, ...args: unknown[]) => Result;

/** What stands behind a gate. */
export interface GateKeeper {
  /** Called when the first byte is about to leave. @returns `undefined` where there is nothing to wait for. */
  commit(): Promise<void> | undefined;
  /** Gets the error of a commit that failed, with the answer discarded and its headers reset: the place to answer anew. */
  fail(error: unknown): void;
}

/**
 * Holds an answer back until the keeper's commit has ended, whoever writes it and however: the first call that would put
 * bytes on the wire starts the commit, and what is written meanwhile waits in order.
 */
export function gateResponse(response: ServerResponse, keeper: GateKeeper): void {
  (response as Gated)[GATE] = new ResponseGate(response, keeper);
  // The same functions for all answers: closures and bound methods of each would cost more than the rest of the gate.
  response.writeHead = writeHead;
  response.write = write as ServerResponse['write'];
  response.end = end as ServerResponse['end'];
  response.flushHeaders = flushHeaders;
}

class ResponseGate implements AnswerState {
  state: AnswerState['state'] = 'closed';
  held: Call[] | undefined;
  backPressure = false;
  ended = false;
  heldByFramework = false;
  // Not those of the prototype: middleware that compresses, for one, may have put its own in their place.
  readonly writeHead: Method<ServerResponse>;
  readonly write: Method<boolean>;
  readonly end: Method<ServerResponse>;
  readonly flushHeaders: Method<void>;

  constructor(
    private readonly response: ServerResponse,
    private readonly keeper: GateKeeper,
  ) {
    // Each is called with the response as its `this`.
    /* oxlint-disable typescript/unbound-method */
    this.writeHead = response.writeHead as Method<ServerResponse>;
    this.write = response.write as Method<boolean>;
    this.end = response.end as Method<ServerResponse>;
    this.flushHeaders = response.flushHeaders;
    /* oxlint-enable typescript/unbound-method */
  }

  /** Whether the call may go through at once. */
  passes(): boolean {
    if (this.state !== 'closed') return this.state === 'open';
    let pending: Promise<void> | undefined;
    this.state = 'committing';
    try {
      pending = this.keeper.commit();
    } catch (error) {
      this.#discard(error);
      return false;
    }
    if (pending === undefined) {
      this.state = 'open';
      return true;
    }
    pretendSent(this.response);
    pending.then(
      () => this.#release(),
      (error: unknown) => this.#discard(error),
    );
    return false;
  }

  /** Keeps a call until the commit has ended. */
  hold(call: Call): void {
    (this.held ??= []).push(call);
  }

  #release(): void {
    const { held } = this;
    this.state = 'open';
    // Calls that were kept here would keep dead requests alive until a full collection: a quarter of the server's time.
    this.held = undefined;
    try {
      for (const call of held ?? []) call();
    } catch (error) {
      // What the writer of the answer would have caught: a header that Node refuses, say.
      return this.#discard(error);
    }
    if (this.backPressure) drain(this.response);
  }

  // Whoever wrote the discarded answer may go on writing it; none of that may get into the one that takes its place.
  #discard(error: unknown): void {
    const { response, writeHead: head, write: body, end: finish, flushHeaders: flush } = this;
    this.state = 'discarded';
    this.held = undefined;
    if (response.headersSent) return void response.destroy();
    for (const name of ANSWER_HEADERS) response.removeHeader(name);
    response.statusCode = 200;
    response.writeHead = head;
    response.flushHeaders = flush;
    response.write = ((...args: unknown[]) =>
      !response.writableEnded && body.apply(response, args)) as ServerResponse['write'];
    response.end = ((...args: unknown[]) =>
      response.writableEnded ? response : finish.apply(response, args)) as ServerResponse['end'];
    try {
      this.keeper.fail(error);
    } catch {
      response.destroy();
    }
  }
}

function writeHead(this: Gated, ...args: unknown[]): ServerResponse {
  const gate = this[GATE]!;
  if (gate.state === 'open') return gate.writeHead.apply(this, args);
  // The status decides whether the changes are kept, so the commit has to see it.
  if (gate.state === 'closed' && typeof args[0] === 'number') this.statusCode = args[0];
  if (gate.passes()) return gate.writeHead.apply(this, withOurCookies(this, args));
  // After anything else it is too late for a head, as it is for Node.
  if (gate.state === 'committing' && gate.held === undefined) {
    gate.hold(() => gate.writeHead.apply(this, withOurCookies(this, args)));
  }
  return this;
}

function write(this: Gated, ...args: unknown[]): boolean {
  const gate = this[GATE]!;
  if (gate.passes()) return gate.write.apply(this, args);
  if (gate.state !== 'committing' || gate.ended) return false;
  gate.hold(() => gate.write.apply(this, args));
  gate.backPressure = true;
  return false;
}

function end(this: Gated, ...args: unknown[]): ServerResponse {
  const gate = this[GATE]!;
  if (gate.passes()) return gate.end.apply(this, args);
  if (gate.state === 'committing' && !gate.ended) {
    gate.ended = true;
    gate.hold(() => gate.end.apply(this, args));
  }
  return this;
}

function flushHeaders(this: Gated): void {
  const gate = this[GATE]!;
  if (gate.passes()) gate.flushHeaders.call(this);
  else if (gate.state === 'committing') gate.hold(() => gate.flushHeaders.call(this));
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
