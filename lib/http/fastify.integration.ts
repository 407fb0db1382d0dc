import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { SessionCore } from '../session/session-core.js';
import type { HttpIntegration } from './http-integration.js';
import { answerRaw } from './raw-answer.js';
import { ANSWER_HEADERS, gateResponse } from './response-gate.js';
import { overrideSession, sessionOfRequest } from './session-accessor.js';
import { EXCHANGE, SessionExchange, type SessionCarrier } from './session-exchange.js';
import type { SessionLifecycle } from './session-lifecycle.js';

interface FastifyRequest extends SessionCarrier {
  readonly raw: IncomingMessage & SessionCarrier;
  readonly headers: IncomingMessage['headers'];
  readonly protocol: string;
}

interface FastifyReply {
  readonly raw: ServerResponse;
  readonly statusCode: number;
  /** Somebody took the raw response over, or it has ended. */
  readonly sent: boolean;
  hasHeader(name: string): boolean;
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
  send(payload: unknown): unknown;
}

type Done = (error?: unknown, payload?: unknown) => void;

/** What this package needs of a Fastify instance. */
export interface FastifyApplication {
  decorateRequest(name: string | symbol, value: unknown): unknown;
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: FastifyReply, done: Done) => void,
  ): unknown;
  addHook(
    name: 'onSend',
    hook: (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done) => void,
  ): unknown;
}

class FastifyExchange extends SessionExchange {
  /** Set where the handler writes the raw response itself; the headers go there then. */
  #raw: ServerResponse | undefined;

  constructor(
    private readonly lifecycle: SessionLifecycle,
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {
    super();
  }

  requestHeader(name: string): string | undefined {
    return this.request.headers[name] as string | undefined;
  }

  get secure(): boolean {
    return this.request.protocol === 'https';
  }

  get statusCode(): number {
    return this.#raw?.statusCode ?? this.reply.statusCode;
  }

  hasHeader(name: string): boolean {
    return this.#raw?.hasHeader(name) ?? (this.reply.hasHeader(name) || this.reply.raw.hasHeader(name));
  }

  setHeader(name: string, value: string): void {
    if (this.#raw) this.#raw.setHeader(name, value);
    else this.reply.header(name, value);
  }

  addCookie(cookie: string): void {
    if (this.#raw) this.#raw.appendHeader('set-cookie', cookie);
    else this.reply.header('set-cookie', cookie);
  }

  protected get answer(): ServerResponse {
    return this.reply.raw;
  }

  protected newCore(): SessionCore {
    return this.lifecycle.newCore();
  }

  // `onSend` stores the session of every answer that goes through Fastify. A handler that writes to `reply.raw`
  // itself, as server-sent events do, goes past it: the gate holds that.
  protected holdAnswer(): void {
    const { raw } = this.reply;
    gateResponse(
      raw,
      () => {
        if (!this.committed) this.#raw = raw;
        return this.lifecycle.commit(this);
      },
      (error) => (this.reply.sent ? answerRaw(raw, error) : this.reply.send(error)),
    );
  }
}

/** Fastify: an `onRequest` hook loads the session, an `onSend` hook stores it. */
export class FastifyIntegration implements HttpIntegration {
  constructor(
    private readonly app: FastifyApplication,
    private readonly lifecycle: SessionLifecycle,
  ) {}

  install(hydrate: 'request' | 'interceptor'): void {
    this.app.decorateRequest(EXCHANGE, undefined);
    this.app.decorateRequest('session', {
      getter(this: FastifyRequest) {
        return sessionOfRequest(this, hydrate);
      },
      setter(this: object, value: unknown) {
        overrideSession(this, value);
      },
    });
    this.app.addHook('onSend', (request, reply, payload, done) => {
      const exchange = request[EXCHANGE];
      const storing = exchange && this.lifecycle.commit(exchange);
      if (storing === undefined) return done(null, payload);
      storing.then(
        () => done(null, payload),
        (error: unknown) => {
          discardAnswer(reply, payload);
          done(error);
        },
      );
    });
    if (hydrate === 'interceptor') return;
    this.app.addHook('onRequest', (request, reply, done) => {
      const loading = this.lifecycle.begin(this.exchange(request, reply));
      if (loading === undefined) done();
      else loading.then(() => done(), done);
    });
  }

  exchange(request: FastifyRequest, reply: FastifyReply): SessionExchange {
    return (request[EXCHANGE] ??= new FastifyExchange(this.lifecycle, request, reply));
  }
}

// The error handler answers anew, with whatever headers are left.
function discardAnswer(reply: FastifyReply, payload: unknown): void {
  for (const name of ANSWER_HEADERS) {
    reply.removeHeader(name);
    reply.raw.removeHeader(name);
  }
  if (payload instanceof Readable) payload.destroy();
}
