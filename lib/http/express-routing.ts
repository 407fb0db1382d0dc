import type { RequestMethod } from '@nestjs/common';
import type { RequestRouting } from '../request/session-request.js';

/** Key of the route that NestJS made for a middleware. It belongs to no registration. */
const MIDDLEWARE_ROUTE: unique symbol = Symbol('nestjs-redis-session middleware');

/** The properties that Express's router sets on a request. */
export interface RoutedByExpress {
  readonly method: string;
  /** The path that the outer routers have matched. */
  readonly baseUrl?: string;
  /** The route that was matched last. `path` is a string, a regular expression, or an array of them. */
  readonly route?: { readonly path: unknown };
  [MIDDLEWARE_ROUTE]?: RoutedByExpress['route'];
}

/** The part of NestJS's Express adapter that binds middleware and filters routes by version. */
export interface MiddlewareBinder {
  createMiddlewareFactory(method: RequestMethod): unknown;
  applyVersionFilter(...args: unknown[]): unknown;
}

/** The handlers that pass on requests of other versions. */
export type VersionFilter = WeakSet<object>;

const middlewares = new WeakSet<object>();

/** Whether NestJS has bound a function as middleware (`consumer.apply()`). */
export function isMiddleware(handle: object): boolean {
  return middlewares.has(handle);
}

type Bind = (path: string, middleware: Middleware) => unknown;
type Middleware = (request: RoutedByExpress, ...rest: unknown[]) => unknown;

/** Marks the routes that NestJS makes for middleware, to tell them from routes of handlers. */
export function markMiddleware(adapter: MiddlewareBinder): void {
  const factoryOf = adapter.createMiddlewareFactory.bind(adapter);
  adapter.createMiddlewareFactory = (method) => {
    const bind = factoryOf(method) as Bind;
    return (path: string, middleware: Middleware) => {
      const marked: Middleware = (request, ...rest) => {
        request[MIDDLEWARE_ROUTE] = request.route;
        return middleware(request, ...rest);
      };
      middlewares.add(marked);
      return bind(path, marked);
    };
  };
}

/** Collects the handlers that NestJS filters by version, unless the version is part of the path. */
export function collectVersionFilters(adapter: MiddlewareBinder): VersionFilter {
  const filters: VersionFilter = new WeakSet();
  const apply = adapter.applyVersionFilter.bind(adapter);
  adapter.applyVersionFilter = (...args) => {
    const filter = apply(...args) as object;
    filters.add(filter);
    return filter;
  };
  return filters;
}

/**
 * Returns the patterns of the route that Express matched: strings that begin with a slash, and `undefined` for a regular
 * expression.
 * @returns `undefined` if no handler's route was matched
 */
export function patternsOf(request: RoutedByExpress): readonly unknown[] | undefined {
  const { route, baseUrl = '' } = request;
  if (route === undefined || route === request[MIDDLEWARE_ROUTE]) return undefined;
  return [route.path].flat(Infinity).map((path) => {
    if (typeof path !== 'string') return undefined;
    return /^[/{]/.test(path) ? baseUrl + path : `${baseUrl}/${path}`;
  });
}

/**
 * Checks each route that a request is led to. With Express the session is loaded before a route is matched, and a route of
 * a middleware may come before the handler's.
 */
export class ExpressRouting implements RequestRouting {
  // Cached for the last route: Express resets `baseUrl` when a handler passes on an error.
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
