import type { RequestMethod } from '@nestjs/common';
import type { RequestRouting } from '../request/session-request.js';

/** The route of a middleware, which belongs to no registration: it serves whatever is below its path. */
const MIDDLEWARE_ROUTE: unique symbol = Symbol('nestjs-redis-session middleware');

/** What Express's router leaves on a request. */
export interface RoutedByExpress {
  readonly method: string;
  /** The path that the routers around the current one have taken away. */
  readonly baseUrl?: string;
  /** The route that was matched last; `path` is a text, a regular expression, or several of them. */
  readonly route?: { readonly path: unknown };
  [MIDDLEWARE_ROUTE]?: RoutedByExpress['route'];
}

/** What NestJS binds middleware with. */
export interface MiddlewareBinder {
  createMiddlewareFactory(method: RequestMethod): unknown;
}

type Bind = (path: string, middleware: Middleware) => unknown;
type Middleware = (request: RoutedByExpress, ...rest: unknown[]) => unknown;

/** Lets requests tell the routes that NestJS makes for middleware from those of handlers. */
export function markMiddleware(adapter: MiddlewareBinder): void {
  const factoryOf = adapter.createMiddlewareFactory.bind(adapter);
  adapter.createMiddlewareFactory = (method) => {
    const bind = factoryOf(method) as Bind;
    return (path: string, middleware: Middleware) =>
      bind(path, (request, ...rest) => {
        request[MIDDLEWARE_ROUTE] = request.route;
        return middleware(request, ...rest);
      });
  };
}

/** The patterns of the route that Express has matched, as texts that begin with a slash where they are texts. */
export function patternsOf(request: RoutedByExpress): readonly unknown[] | undefined {
  const { route, baseUrl = '' } = request;
  if (route === undefined || route === request[MIDDLEWARE_ROUTE]) return undefined;
  return [route.path].flat(Infinity).map((path) => {
    if (typeof path !== 'string') return undefined;
    return /^[/{]/.test(path) ? baseUrl + path : `${baseUrl}/${path}`;
  });
}

/**
 * Follows a request from route to route: Express loads sessions before it has matched one, and a middleware's route may
 * come before the handler's.
 */
export class ExpressRouting implements RequestRouting {
  // Of the route that was looked at last: Express takes `baseUrl` back when a handler passes an error on.
  #route: RoutedByExpress['route'];
  #misrouted = false;

  constructor(
    private readonly request: RoutedByExpress,
    private readonly isServed: (method: string, patterns: readonly unknown[]) => boolean,
  ) {}

  get misrouted(): boolean {
    const { request } = this;
    if (request.route !== this.#route) {
      this.#route = request.route;
      const patterns = patternsOf(request);
      this.#misrouted = patterns !== undefined && !this.isServed(request.method, patterns);
    }
    return this.#misrouted;
  }
}
