import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Commits, SessionAnswer } from '../request/session-answer.js';
import { answerRaw } from './raw-answer.js';
import { gateResponse, type GateKeeper } from './response-gate.js';
import type { WithSession } from './session-accessor.js';

/** A request as Node has it, with what @fastify/middie adds before middleware sees it. */
export type RawRequest = IncomingMessage &
  WithSession & {
    readonly method: string;
    readonly originalUrl: string;
    readonly protocol: string;
  };

/** What this package needs of a Fastify request. */
export interface FastifyRequest extends WithSession {
  readonly raw: RawRequest;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly protocol: string;
}

/** What this package needs of a Fastify reply. */
export interface FastifyReply {
  readonly raw: ServerResponse;
  readonly statusCode: number;
  /** Somebody took the raw response over, or it has ended. */
  readonly sent: boolean;
  hasHeader(name: string): boolean;
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
  send(payload: unknown): unknown;
}

/** The answer of a request of a Fastify application. */
export class FastifyAnswer implements SessionAnswer, GateKeeper {
  /** Where headers go; to the raw response as long as Fastify has none, and if a handler writes that itself. */
  #reply: FastifyReply | undefined;
  /** The reply that a handler went past. */
  #passed: FastifyReply | undefined;
  #session: Commits | undefined;

  constructor(
    private readonly request: { readonly protocol: string },
    private readonly response: ServerResponse,
  ) {}

  /** From now on Fastify answers. */
  answerWith(reply: FastifyReply): void {
    this.#reply = reply;
  }

  get secure(): boolean {
    return this.request.protocol === 'https';
  }

  get closed(): boolean {
    return this.response.closed || this.response.destroyed;
  }

  get headersSent(): boolean {
    return this.response.headersSent;
  }

  hasHeader(name: string): boolean {
    return this.#reply?.hasHeader(name) === true || this.response.hasHeader(name);
  }

  setHeader(name: string, value: string): void {
    if (this.#reply === undefined) this.response.setHeader(name, value);
    else this.#reply.header(name, value);
  }

  addCookie(cookie: string): void {
    if (this.#reply === undefined) this.response.appendHeader('set-cookie', cookie);
    else this.#reply.header('set-cookie', cookie);
  }

  // `onSend` stores the session of every answer that goes through Fastify. A handler that writes to `reply.raw`
  // itself, as server-sent events do, goes past it, and so does middleware: the gate holds that.
  hold(session: Commits): void {
    this.#session = session;
    gateResponse(this.response, this);
  }

  onceClosed(listener: () => void): void {
    this.response.once('close', listener);
  }

  /** Of an answer that went past Fastify. */
  commit(): Promise<void> | undefined {
    const session = this.#session!;
    if (session.committed) return undefined;
    this.#passed = this.#reply;
    this.#reply = undefined;
    return session.commit(this.response.statusCode >= 500);
  }

  fail(error: unknown): void {
    const reply = this.#passed;
    // Whatever is no Error, Fastify would send as an answer.
    if (reply === undefined || reply.sent || !(error instanceof Error)) answerRaw(this.response, error);
    else reply.send(error);
  }
}
