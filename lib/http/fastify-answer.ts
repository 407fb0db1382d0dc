import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpAnswer } from './http-answer.js';
import { ANSWER_HEADERS } from './response-gate.js';
import type { WithSession } from './session-accessor.js';

/** Where a raw request keeps what middleware could not know yet. */
export const MIDDLEWARE_ROUTING: unique symbol = Symbol('nestjs-redis-session routing');

/** Whether Fastify has matched a route of another registration than the one that middleware saw the session of. */
export interface MiddlewareRouting {
  misrouted: boolean;
}

/** A request as Node has it, with what @fastify/middie adds before middleware sees it. */
export type RawRequest = IncomingMessage &
  WithSession & {
    readonly method: string;
    readonly originalUrl: string;
    readonly protocol: string;
    [MIDDLEWARE_ROUTING]?: MiddlewareRouting | undefined;
  };

/** What this package needs of a Fastify request. */
export interface FastifyRequest extends WithSession {
  readonly raw: RawRequest;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly protocol: string;
  /** The route that was matched; its `url` is `undefined` on a 404. */
  readonly routeOptions: { readonly url: string | undefined };
}

/** What this package needs of a Fastify reply. */
export interface FastifyReply {
  readonly raw: ServerResponse;
  readonly request: Pick<FastifyRequest, 'routeOptions'>;
  /** Somebody took the raw response over, or it has ended. */
  readonly sent: boolean;
  removeHeader(name: string): unknown;
  send(payload: unknown): unknown;
}

/** The answer of a request of a Fastify application. */
export class FastifyAnswer extends HttpAnswer {
  /** Fastify's way to answer; `undefined` in middleware, which runs before there is one. */
  reply: FastifyReply | undefined;
  /** An error handler has run. Fastify passes a second error to its own, which shows the message to the client. */
  errorHandled = false;

  constructor(
    private readonly request: { readonly protocol: string },
    response: ServerResponse,
  ) {
    super(response);
  }

  get secure(): boolean {
    return this.request.protocol === 'https';
  }

  protected get pattern(): string | undefined {
    return this.reply?.request.routeOptions.url;
  }

  fail(error: unknown): void {
    const { reply } = this;
    // Fastify sends whatever is no Error as an answer.
    if (reply === undefined || reply.sent || this.errorHandled || !(error instanceof Error)) {
      return this.failRaw(error);
    }
    for (const name of ANSWER_HEADERS) reply.removeHeader(name);
    reply.send(error);
  }
}
