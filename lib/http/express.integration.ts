import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Commits, SessionAnswer } from '../request/session-answer.js';
import { SessionRequest } from '../request/session-request.js';
import type { SessionRegistration } from '../request/session-registration.js';
import { preparePretence } from './held-answer.js';
import { HttpIntegration } from './http-integration.js';
import { answerRaw } from './raw-answer.js';
import { gateResponse, type GateKeeper } from './response-gate.js';
import { defineSessionAccessor, type WithSession } from './session-accessor.js';
import type { HttpRegistration } from './session-registrations.js';

interface ExpressRequest extends IncomingMessage, WithSession {
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

class ExpressAnswer implements SessionAnswer, GateKeeper {
  #session: Commits | undefined;

  constructor(
    private readonly request: ExpressRequest,
    private readonly response: ServerResponse,
  ) {}

  get secure(): boolean {
    return this.request.secure;
  }

  get closed(): boolean {
    return this.response.closed || this.response.destroyed;
  }

  get headersSent(): boolean {
    return this.response.headersSent;
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

  hold(session: Commits): void {
    this.#session = session;
    gateResponse(this.response, this);
  }

  onceClosed(listener: () => void): void {
    this.response.once('close', listener);
  }

  commit(): Promise<void> | undefined {
    return this.#session!.commit(this.response.statusCode >= 500);
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

  protected registrationOf({ method, originalUrl }: ExpressRequest): HttpRegistration | undefined {
    return this.registrations.find(method, originalUrl);
  }

  protected newRequest(sessions: SessionRegistration, request: ExpressRequest, response: ServerResponse) {
    return new SessionRequest(sessions, request.headers, new ExpressAnswer(request, response));
  }
}
