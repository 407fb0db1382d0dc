import type { ServerResponse } from 'node:http';
import { cutOff, isClosed } from './response-stream.js';
import { pretendSent, type AnswerState, type HeaderMethods } from './held-answer.js';
import { WrittenHead } from './written-head.js';

type Call = () => void;

/** Headers that describe a discarded answer, and do not fit the one in its place. */
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

type Method<Result> = (this: ServerResponse, ...args: unknown[]) => Result;

/** What stands behind a gate. */
export interface GateKeeper {
  /** Called when the answer is handed over. @returns `undefined` if there is nothing to wait for */
  commit(): Promise<void> | undefined;
  /** Gets the error of a commit that failed after the first byte. The connection is closed. */
  cut(error: unknown): void;
  /** Gets the error of a commit that failed, with the answer discarded and its headers reset: answers instead. */
  fail(error: unknown): void;
}

/** Holds the answer of one response, from its first byte on, until the keeper's commit has ended. */
export class ResponseGate implements AnswerState {
  state: AnswerState['state'] = 'waiting';
  ended = false;
  backPressure = false;
  headers: HeaderMethods | undefined;
  takesHeaders = false;
  held: Call[] | undefined;
  /** The end of an answer that was held at its first byte: what changed in between is stored before. */
  heldEnd: Call | undefined;
  head: WrittenHead | undefined;
  // Not those of the prototype: middleware that compresses, for one, may have put its own in their place.
  readonly writeHead: Method<ServerResponse>;
  readonly write: Method<boolean>;
  readonly end: Method<ServerResponse>;
  readonly flushHeaders: Method<void>;
  #statusCode = 200;
  #statusMessage = '';

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

  /** Commits, before the first byte and before the end. Afterwards the answer is held, or open, or discarded. */
  handOver(): void {
    const { response } = this;
    let storing: Promise<void> | undefined;
    this.state = 'held';
    try {
      storing = this.keeper.commit();
    } catch (error) {
      return this.#discard(error);
    }
    if (storing === undefined) {
      this.state = 'open';
      return;
    }
    this.#statusCode = response.statusCode;
    this.#statusMessage = messageOf(response);
    this.headers ??= pretendSent(response);
    // The client has gone: what is held for it must not wait for the store.
    response.once('close', () => (this.held = this.heldEnd = undefined));
    storing.then(
      () => this.#release(),
      (error: unknown) => this.#discard(error),
    );
  }

  /** Keeps a call until the commit has ended. */
  hold(call: Call): void {
    if (!isClosed(this.response)) (this.held ??= []).push(call);
  }

  #release(): void {
    const { response, held } = this;
    const { statusCode } = response;
    const statusMessage = messageOf(response);
    this.state = 'open';
    // Calls that were kept here would keep dead requests alive until a full collection: a quarter of the server's time.
    this.held = undefined;
    try {
      // Node takes a status that is assigned after the head was written, and does not send it.
      if (statusCode !== this.#statusCode) response.statusCode = this.#statusCode;
      if (statusMessage !== this.#statusMessage) response.statusMessage = this.#statusMessage;
      for (const call of held ?? []) call();
      if (statusCode !== this.#statusCode) response.statusCode = statusCode;
      if (statusMessage !== this.#statusMessage) response.statusMessage = statusMessage;
    } catch (error) {
      return this.#discard(error);
    }
    if (this.heldEnd !== undefined) this.#finish(this.heldEnd);
    else if (this.backPressure) drain(response);
  }

  #finish(end: Call): void {
    this.heldEnd = undefined;
    this.handOver();
    if (this.state === 'held') this.hold(end);
    else if (this.state === 'open') end();
  }

  // Whoever wrote the discarded answer may go on writing it; none of that may get into the one that takes its place.
  #discard(error: unknown): void {
    const { response, writeHead: head, write: body, end: finish, flushHeaders: flush } = this;
    this.state = 'discarded';
    this.held = this.heldEnd = undefined;
    if (response.headersSent) {
      this.keeper.cut(error);
      return cutOff(response);
    }
    for (const name of ANSWER_HEADERS) response.removeHeader(name);
    this.head?.remove();
    response.statusCode = 200;
    if (messageOf(response)) response.statusMessage = '';
    response.writeHead = (...args: unknown[]) => {
      this.head = new WrittenHead(response, args);
      return head.call(response, response.statusCode);
    };
    response.flushHeaders = flush;
    response.write = ((...args: unknown[]) =>
      !response.writableEnded && body.apply(response, args)) as ServerResponse['write'];
    response.end = ((...args: unknown[]) =>
      response.writableEnded ? response : finish.apply(response, args)) as ServerResponse['end'];
    try {
      this.keeper.fail(error);
    } catch {
      cutOff(response);
    }
  }
}

// An HTTP/2 response has none, and warns if it is read.
function messageOf(response: ServerResponse): string {
  return response.req.httpVersionMajor < 2 ? response.statusMessage : '';
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
