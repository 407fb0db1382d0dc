import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerRaw } from './raw-answer.js';
import { gateResponse, type GateKeeper } from './response-gate.js';
import { SessionExchange, type SessionCarrier } from './session-exchange.js';
import type { SessionLifecycle } from './session-lifecycle.js';

/** A request as Node has it, with what @fastify/middie adds before middleware sees it. */
export type RawRequest = IncomingMessage &
  SessionCarrier & {
    readonly method: string;
    readonly originalUrl: string;
    readonly protocol: string;
  };

/** What this package needs of a Fastify request. */
export interface FastifyRequest extends SessionCarrier {
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

/** A request of a Fastify application. */
export class FastifyExchange extends SessionExchange implements GateKeeper {
  /** Where headers go; to the raw response as long as Fastify has none, and where a handler writes that itself. */
  #reply: FastifyReply | undefined;
  /** The reply that a handler went past. */
  #passed: FastifyReply | undefined;

  constructor(
    lifecycle: SessionLifecycle,
    private readonly request: { readonly headers: IncomingMessage['headers']; readonly protocol: string },
    protected readonly answer: ServerResponse,
  ) {
    super(lifecycle);
  }

  /** From now on Fastify answers. */
  answerWith(reply: FastifyReply): void {
    this.#reply = reply;
  }

  requestHeader(name: string): string | undefined {
    return this.request.headers[name] as string | undefined;
  }

  get secure(): boolean {
    return this.request.protocol === 'https';
  }

  get statusCode(): number {
    return this.answer.statusCode;
  }

  hasHeader(name: string): boolean {
    return this.#reply?.hasHeader(name) === true || this.answer.hasHeader(name);
  }

  setHeader(name: string, value: string): void {
    if (this.#reply === undefined) this.answer.setHeader(name, value);
    else this.#reply.header(name, value);
  }

  addCookie(cookie: string): void {
    if (this.#reply === undefined) this.answer.appendHeader('set-cookie', cookie);
    else this.#reply.header('set-cookie', cookie);
  }

  // `onSend` stores the session of every answer that goes through Fastify. A handler that writes to `reply.raw`
  // itself, as server-sent events do, goes past it, and so does middleware: the gate holds that.
  protected holdAnswer(): void {
    gateResponse(this.answer, this);
  }

  /** Of an answer that went past Fastify. */
  commit(): Promise<void> | undefined {
    if (this.committed) return undefined;
    this.#passed = this.#reply;
    this.#reply = undefined;
    return this.lifecycle.commit(this);
  }

  fail(error: unknown): void {
    const reply = this.#passed;
    // Whatever is no Error, Fastify would send as an answer.
    if (reply === undefined || reply.sent || !(error instanceof Error)) answerRaw(this.answer, error);
    else reply.send(error);
  }
}
