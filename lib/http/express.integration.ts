import type { IncomingMessage, ServerResponse } from 'node:http';
import { SessionRequest, type RequestRouting } from '../request/session-request.js';
import type { SessionRegistration } from '../request/session-registration.js';
import { ExpressPreview, type WithRouter } from './express-preview.js';
import {
  collectVersionFilters,
  ExpressRouting,
  markMiddleware,
  patternsOf,
  type MiddlewareBinder,
  type RoutedByExpress,
} from './express-routing.js';
import { preparePretence } from './pretend-sent.js';
import { clientHasGone, HttpAnswer } from './http-answer.js';
import {
  HttpIntegration,
  SESSION_ROUTER,
  sessionAccessor,
  sessionIdAccessor,
  type WithSession,
} from './http-integration.js';
import type { HandlerStates } from './handler-states.js';
import type { HttpRegistration } from './session-registrations.js';

interface ExpressRequest extends IncomingMessage, WithSession, RoutedByExpress {
  readonly method: string;
  readonly originalUrl: string;
  readonly secure: boolean;
  readonly ip: string | undefined;
  readonly baseUrl: string;
  readonly route?: { readonly path: unknown };
  /** Express's `next()`, which passes an error to the error handlers. */
  next?: (error?: unknown) => void;
}

/** The part of an Express application that this package uses. */
export interface ExpressApplication extends WithRouter {
  /** Prototype of the application's requests. */
  readonly request: object;
  /** Prototype of the application's responses. */
  readonly response: object;
  use(
    middleware: (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void,
  ): void;
}

class ExpressAnswer extends HttpAnswer {
  constructor(
    private readonly request: ExpressRequest,
    response: ServerResponse,
  ) {
    super(response);
  }

  get secure(): boolean {
    return this.request.secure;
  }

  get address(): string | undefined {
    return this.request.ip;
  }

  protected get pattern(): string | undefined {
    return patternsOf(this.request)?.map(String).join(', ');
  }

  fail(error: unknown): void {
    if (this.request.next) this.request.next(error);
    else this.failRaw(error);
  }
}

/** Express: the first middleware loads the session, and the response gate stores it. */
export class ExpressIntegration extends HttpIntegration<ExpressRequest, ServerResponse> {
  readonly #preview: ExpressPreview;

  constructor(
    private readonly app: ExpressApplication,
    adapter: MiddlewareBinder,
    states: HandlerStates,
  ) {
    super();
    markMiddleware(adapter);
    this.#preview = new ExpressPreview(app, states, collectVersionFilters(adapter));
    Object.defineProperty(app.request, SESSION_ROUTER, { value: this });
    define(
      app.request,
      'session',
      sessionAccessor<ExpressRequest>((request) => this.registrationOf(request)),
    );
    define(app.request, 'sessionID', sessionIdAccessor);
    preparePretence(app.response);
  }

  protected loadBeforeGuards(): void {
    this.app.use((request, response, next) => {
      if (this.answersDevice(request.originalUrl, request, response)) return;
      const loading = this.begin(request, response);
      if (loading === undefined) next();
      else
        loading.then(() => {
          // The body of a request that was aborted in the meantime can no longer be read.
          if (!clientHasGone(request, response)) next();
        }, next);
    });
  }

  protected targetOf({ originalUrl }: ExpressRequest): string {
    return originalUrl;
  }

  protected patternsOf(request: ExpressRequest): readonly unknown[] | undefined {
    return patternsOf(request);
  }

  protected leadsToDisabled(request: ExpressRequest, { sessions }: HttpRegistration): boolean {
    return this.#preview.leadsToDisabled(request, sessions.sessionState);
  }

  protected untouching(request: ExpressRequest): (() => boolean) | undefined {
    if (!this.#preview.mayLeadToUntouching(request)) return undefined;
    return () => this.#preview.isUntouching(request);
  }

  protected newRequest(
    sessions: SessionRegistration,
    request: ExpressRequest,
    response: ServerResponse,
    disabled: boolean,
  ) {
    const answer = new ExpressAnswer(request, response);
    return new SessionRequest(sessions, request.headers, answer, this.#routing(sessions, request, disabled));
  }

  #routing(
    sessions: SessionRegistration,
    request: ExpressRequest,
    disabled: boolean,
  ): RequestRouting | undefined {
    const { registrations } = this;
    if (registrations.ofAllRoutes !== undefined && !disabled) return undefined;
    return new ExpressRouting(
      request,
      (method, patterns) =>
        registrations.ofRoute(method, patterns)?.sessions === sessions &&
        // Middleware may have rewritten the path since.
        (!disabled || this.#preview.isDisabled(request, sessions.sessionState)),
    );
  }
}

function define(
  prototype: object,
  name: string,
  accessor: { getter: () => unknown; setter: (value: unknown) => void },
): void {
  const { getter: get, setter: set } = accessor;
  Object.defineProperty(prototype, name, { configurable: true, enumerable: true, get, set });
}
