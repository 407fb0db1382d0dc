import { OutgoingMessage, type ServerResponse } from 'node:http';
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

/** Where a response keeps its gate. */
const GATE: unique symbol = Symbol('nestjs-redis-session gate');

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

class ResponseGate {
  state: 'closed' | 'committing' | 'open' | 'discarded' = 'closed';
  held: Call[] | undefined;
  backPressure = false;
  ended = false;
  /** The framework itself holds the answer until it is stored. */
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

const ofNode = (name: 'headersSent' | 'writableEnded'): ((this: ServerResponse) => boolean) =>
  // oxlint-disable-next-line typescript/unbound-method -- called with the response as `this`
  Object.getOwnPropertyDescriptor(OutgoingMessage.prototype, name)!.get as (this: ServerResponse) => boolean;
const headersSent = ofNode('headersSent');
const writableEnded = ofNode('writableEnded');

const pretence: PropertyDescriptorMap & ThisType<Gated> = {
  headersSent: {
    configurable: true,
    get(): boolean {
      const gate = this[GATE];
      return gate?.state === 'committing' || gate?.heldByFramework || headersSent.call(this);
    },
  },
  writableEnded: {
    configurable: true,
    get(): boolean {
      const gate = this[GATE];
      if (gate?.state === 'committing') return gate.ended;
      return gate?.heldByFramework || writableEnded.call(this);
    },
  },
};

/**
 * Lets all responses that inherit from this one say that they are sent while they are held. Without it every response
 * that is held is taught to, which costs more than holding it.
 */
export function preparePretence(prototype: object): void {
  Object.defineProperties(prototype, pretence);
}

/**
 * Lets a response say that it is sent while its framework holds it. Fastify sends a second answer, an empty one, where an
 * async handler has returned and the first one is not on its way yet, and NestJS 11 has such handlers. Those of NestJS 12
 * return the reply, which Fastify would watch for its end, at a third of the cost of the request.
 */
export function pretendWhileHeld(response: ServerResponse, held: boolean): void {
  const gate = (response as Gated)[GATE];
  if (gate === undefined) return;
  gate.heldByFramework = held;
  if (held) pretendSent(response);
}

// To the code that wrote the answer it is on its way: a filter must not write a second one over it.
function pretendSent(response: ServerResponse): void {
  if (!response.headersSent) Object.defineProperties(response, pretence);
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
