import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { Logger } from '@nestjs/common';
import type { Commits, SessionAnswer } from '../request/session-answer.js';
import { closeIfDraining } from './drain.js';
import { gateResponse } from './gated-methods.js';
import type { GateKeeper, ResponseGate } from './response-gate.js';

const INTERNAL_ERROR = 2; // RFC 9113, section 7

const logger = new Logger('RedisSessionModule');

/** The answer of an HTTP request. */
export abstract class HttpAnswer implements SessionAnswer, GateKeeper {
  #session: Commits | undefined;
  #gate: ResponseGate | undefined;

  constructor(protected readonly response: ServerResponse) {}

  abstract get secure(): boolean;

  abstract get address(): string | undefined;

  get forwardedOverTls(): boolean {
    return /^https\b/i.test(String(this.response.req.headers['x-forwarded-proto']));
  }

  get closed(): boolean {
    return isClosed(this.response);
  }

  get headersSent(): boolean {
    return this.response.headersSent;
  }

  header(name: string): string | undefined {
    return this.response.getHeader(name)?.toString();
  }

  hasHeader(name: string): boolean {
    return this.response.hasHeader(name);
  }

  setHeader(name: string, value: string): void {
    this.#add('setHeader', name, value);
  }

  addCookie(cookie: string): void {
    this.#add('appendHeader', 'set-cookie', cookie);
  }

  hold(session: Commits): void {
    this.#session = session;
    this.#gate = gateResponse(this.response, this);
  }

  onceClosed(listener: () => void): void {
    this.response.once('close', listener);
  }

  commit(): Promise<void> | undefined {
    closeIfDraining(this.response);
    return this.#session!.commit(this.response.statusCode >= 500);
  }

  abstract fail(error: unknown): void;

  logLateFailure(error: unknown): void {
    logger.error(`${this.#route} could not store its session after the first byte.`, error);
  }

  cutOff(): void {
    const stream = streamOf(this.response);
    // A client cannot tell a destroyed HTTP/2 stream from one that has ended.
    if (stream) stream.close(INTERNAL_ERROR);
    else this.response.destroy();
  }

  warn(message: string): void {
    logger.warn(`${this.#route}: ${message}`);
  }

  /** The pattern of the route. The path itself may contain data that must not be logged. */
  protected abstract get pattern(): string | undefined;

  /** Answers an error that the framework cannot answer. */
  protected failRaw(error: unknown): void {
    const { response } = this;
    const { statusCode, expose, message } = error as Partial<Record<string, unknown>>;
    response.statusCode = typeof statusCode === 'number' && STATUS_CODES[statusCode] ? statusCode : 500;
    // The message of an internal error names servers and sizes, which only the log may show.
    const text = expose === true ? message : STATUS_CODES[response.statusCode];
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify({ statusCode: response.statusCode, message: text }));
  }

  // A held response accepts headers only while `takesHeaders` is set.
  #add(method: 'setHeader' | 'appendHeader', name: string, value: string): void {
    const gate = this.#gate;
    if (gate === undefined) return void this.response[method](name, value);
    gate.takesHeaders = true;
    try {
      this.response[method](name, value);
    } finally {
      gate.takesHeaders = false;
    }
  }

  get #route(): string {
    return `${this.response.req.method} ${this.pattern ?? '(no route)'}`;
  }
}

/** Whether the client disconnected before it got an answer. */
export function clientHasGone(request: IncomingMessage, response: ServerResponse): boolean {
  // Node closes the response of a pipelined request only when its turn comes.
  return isClosed(response) || request.readableAborted;
}

function isClosed(response: ServerResponse): boolean {
  const { destroyed, closed } = streamOf(response) ?? response;
  return destroyed || closed;
}

// HTTP/2 keeps on the stream what HTTP/1.1 keeps on the response.
function streamOf(response: ServerResponse): ServerHttp2Stream | undefined {
  return (response as { stream?: ServerHttp2Stream }).stream;
}
