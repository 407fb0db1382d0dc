import type { IncomingMessage, ServerResponse } from 'node:http';
import { preparePretence } from './held-answer.js';
import { HttpIntegration } from './http-integration.js';
import { answerRaw } from './raw-answer.js';
import { gateResponse, type GateKeeper } from './response-gate.js';
import { SessionExchange, type SessionCarrier } from './session-exchange.js';
import type { SessionLifecycle } from './session-lifecycle.js';
import { defineSessionAccessor } from './session-accessor.js';
import type { SessionRegistration } from './session-registrations.js';

interface ExpressRequest extends IncomingMessage, SessionCarrier {
  readonly method: string;
  readonly originalUrl: string;
  readonly secure: boolean;
  /** The rest of Express's stack; it leads to the error handlers. */
  next?: (error?: unknown) => void;
}

/** What this package needs of an Express application. */
export interface ExpressApplication {
  /** Prototype of the application's requests. */
  readonly request: object;
  /** Prototype of the application's responses. */
  readonly response: object;
  use(
    middleware: (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void,
  ): void;
}

class ExpressExchange extends SessionExchange implements GateKeeper {
  constructor(
    lifecycle: SessionLifecycle,
    private readonly request: ExpressRequest,
    private readonly response: ServerResponse,
  ) {
    super(lifecycle);
  }

  requestHeader(name: string): string | undefined {
    return this.request.headers[name] as string | undefined;
  }

  get secure(): boolean {
    return this.request.secure;
  }

  get statusCode(): number {
    return this.response.statusCode;
  }

  hasHeader(name: string): boolean {
    return this.response.hasHeader(name);
  }

  setHeader(name: string, value: string): void {
    this.response.setHeader(name, value);
  }

  addCookie(cookie: string): void {
    this.response.appendHeader('set-cookie', cookie);
  }

  protected get answer(): ServerResponse {
    return this.response;
  }

  protected holdAnswer(): void {
    gateResponse(this.response, this);
  }

  commit(): Promise<void> | undefined {
    return this.lifecycle.commit(this);
  }

  fail(error: unknown): void {
    if (this.request.next) this.request.next(error);
    else answerRaw(this.response, error);
  }
}

/** Express: a middleware before all others loads the session; the response gate stores it. */
export class ExpressIntegration extends HttpIntegration<ExpressRequest, ServerResponse> {
  constructor(private readonly app: ExpressApplication) {
    super();
    defineSessionAccessor<ExpressRequest>(app.request, (request) => this.registrationOf(request));
    preparePretence(app.response);
  }

  protected loadBeforeGuards(): void {
    this.app.use((request, response, next) => {
      const loading = this.begin(request, response);
      if (loading === undefined) next();
      else loading.then(() => next(), next);
    });
  }

  protected registrationOf({ method, originalUrl }: ExpressRequest): SessionRegistration | undefined {
    return this.registrations.find(method, originalUrl);
  }

  protected newExchange(lifecycle: SessionLifecycle, request: ExpressRequest, response: ServerResponse) {
    return new ExpressExchange(lifecycle, request, response);
  }
}
