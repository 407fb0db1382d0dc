import type { ServerResponse } from 'node:http';
import { pretendSent, type AnswerState, type HeaderMethods } from './pretend-sent.js';
import { WrittenHead } from './written-head.js';

type Call = () => void;

/** Headers that describe a discarded answer and do not fit its replacement. */
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

/** Commits for a gate, and answers if the commit fails. */
export interface GateKeeper {
  /** The answer was sent, or the client has disconnected. */
  readonly closed: boolean;
  /** Called when the answer is handed over. @returns `undefined` if there is nothing to wait for */
  commit(): Promise<void> | undefined;
  /** Answers a failed commit. The held answer was discarded, and its headers were reset. */
  fail(error: unknown): void;
  /** Logs a commit that failed after the first byte. */
  logLateFailure(error: unknown): void;
  /** Closes the connection so that the client sees that the answer is incomplete. */
  cutOff(): void;
}

/** Holds one answer, from its first byte on, until the keeper's commit has ended. */
export class ResponseGate implements AnswerState {
  state: AnswerState['state'] = 'waiting';
  ended = false;
  backPressure = false;
  headers: HeaderMethods | undefined;
  takesHeaders = false;
  held: Call[] | undefined;
  /** The end of an answer that is held since its first byte. A second commit comes before it. */
  heldEnd: Call | undefined;
  head: WrittenHead | undefined;
  // Not the methods of the prototype: middleware (compression, for example) may have replaced them.
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
    // Always called with the response as `this`.
    /* oxlint-disable typescript/unbound-method */
    this.writeHead = response.writeHead as Method<ServerResponse>;
    this.write = response.write as Method<boolean>;
    this.end = response.end as Method<ServerResponse>;
    this.flushHeaders = response.flushHeaders;
    /* oxlint-enable typescript/unbound-method */
  }

  /** Commits, before the first byte and before the end. @returns the new state */
  handOver(): AnswerState['state'] {
    const { response } = this;
    let storing: Promise<void> | undefined;
    this.state = 'held';
    try {
      storing = this.keeper.commit();
    } catch (error) {
      return this.#discard(error);
    }
    if (storing === undefined) return (this.state = 'open');
    this.#statusCode = response.statusCode;
    this.#statusMessage = messageOf(response);
    this.headers ??= pretendSent(response);
    // The client has disconnected: drop what is held for it, and do not wait for the store.
    response.once('close', () => (this.held = this.heldEnd = undefined));
    storing.then(
      () => this.#release(),
      (error: unknown) => void this.#discard(error),
    );
    return this.state;
  }

  /** Queues a call until the commit has ended. */
  hold(call: Call): void {
    if (!this.keeper.closed) (this.held ??= []).push(call);
  }

  #release(): void {
    const { response, held } = this;
    const { statusCode } = response;
    const statusMessage = messageOf(response);
    this.state = 'open';
    // Otherwise the queue keeps finished requests in memory until a full garbage collection.
    this.held = undefined;
    try {
      // Node ignores a status that is assigned after the head was written, but keeps it.
      if (statusCode !== this.#statusCode) response.statusCode = this.#statusCode;
      if (statusMessage !== this.#statusMessage) response.statusMessage = this.#statusMessage;
      for (const call of held ?? []) call();
      if (statusCode !== this.#statusCode) response.statusCode = statusCode;
      if (statusMessage !== this.#statusMessage) response.statusMessage = statusMessage;
    } catch (error) {
      return void this.#discard(error);
    }
    if (this.heldEnd !== undefined) this.#finish(this.heldEnd);
    else if (this.backPressure) drain(response);
  }

  #finish(end: Call): void {
    this.heldEnd = undefined;
    const state = this.handOver();
    if (state === 'held') this.hold(end);
    else if (state === 'open') end();
  }

  // The handler may go on writing the discarded answer. None of that may get into the replacement.
  #discard(error: unknown): 'discarded' {
    const { response, keeper, writeHead: head, write: body, end: finish, flushHeaders: flush } = this;
    this.state = 'discarded';
    this.held = this.heldEnd = undefined;
    if (response.headersSent) {
      keeper.logLateFailure(error);
      keeper.cutOff();
      return 'discarded';
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
      keeper.fail(error);
    } catch {
      keeper.cutOff();
    }
    return this.state;
  }
}

// HTTP/2 has no status message, and Node warns if it is read.
function messageOf(response: ServerResponse): string {
  return response.req.httpVersionMajor < 2 ? response.statusMessage : '';
}

// A stream that pipes into the answer waits for 'drain'. Compression keeps listeners on its own stream, and `on()` returns
// that stream.
function drain(response: ServerResponse): void {
  const listened = response.on('drain', noop);
  listened.off('drain', noop);
  for (const writable of new Set([response, listened])) {
    if (!writable.writableNeedDrain) writable.emit('drain');
  }
}

function noop(): void {}
