import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteConfig, WithHandlerState } from './fastify-routes.js';
import { HttpAnswer } from './http-answer.js';
import type { WithSession } from './http-integration.js';
import { ANSWER_HEADERS } from './response-gate.js';

/** Key of a raw request's MiddlewareRouting. */
export const MIDDLEWARE_ROUTING: unique symbol = Symbol('nestjs-redis-session routing');

/** Tells middleware that Fastify matched a route of another registration than the one whose session it saw. */
export interface MiddlewareRouting {
  misrouted: boolean;
}

/** A request of Node, with the properties that @fastify/middie adds for middleware. */
export type RawRequest = IncomingMessage &
  WithSession &
  WithHandlerState & {
    readonly method: string;
    readonly originalUrl: string;
    readonly protocol: string;
    [MIDDLEWARE_ROUTING]?: MiddlewareRouting | undefined;
  };

/** The part of a Fastify request that this package uses. */
export interface FastifyRequest extends WithSession {
  readonly raw: RawRequest;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly protocol: string;
  readonly ip: string;
  /** The matched route. `url` is `undefined` on a 404. */
  readonly routeOptions: { readonly url: string | undefined; readonly config: RouteConfig };
}

/** The part of a Fastify reply that this package uses. */
export interface FastifyReply {
  readonly raw: ServerResponse;
  readonly request: Pick<FastifyRequest, 'routeOptions'>;
  /** The reply was hijacked or has ended. */
  readonly sent: boolean;
  /** Leaves the answer to whoever writes to `raw`. */
  hijack(): unknown;
  removeHeader(name: string): unknown;
  send(payload: unknown): unknown;
}

/** The answer of a request to a Fastify application. */
export class FastifyAnswer extends HttpAnswer {
  /** `undefined` in middleware, which runs before Fastify makes the reply. */
  reply: FastifyReply | undefined;
  /** An error handler has run. Fastify's own handler would get a second error, and show its message to the client. */
  errorHandled = false;

  constructor(
    private readonly request: { readonly protocol: string; readonly ip?: string },
    response: ServerResponse,
  ) {
    super(response);
  }

  get secure(): boolean {
    return this.request.protocol === 'https';
  }

  get address(): string | undefined {
    return this.request.ip ?? this.response.req.socket.remoteAddress;
  }

  protected get pattern(): string | undefined {
    return this.reply?.request.routeOptions.url;
  }

  fail(error: unknown): void {
    const { reply } = this;
    // Fastify sends a value that is not an Error as a normal answer.
    if (reply === undefined || reply.sent || this.errorHandled || !(error instanceof Error)) {
      return this.failRaw(error);
    }
    for (const name of ANSWER_HEADERS) reply.removeHeader(name);
    reply.send(error);
  }
}
