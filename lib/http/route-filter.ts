import { RequestMethod } from '@nestjs/common';
import { pathToRegexp } from 'path-to-regexp';
import { withLetters } from './request-target.js';

/** A path, or a path and the only method that it is for. */
export type SessionRoute = string | { readonly path: string; readonly method: RequestMethod };

/** The routes that a registration of the module serves. */
export interface SessionRoutes {
  readonly forRoutes?: readonly SessionRoute[] | undefined;
  readonly exclude?: readonly SessionRoute[] | undefined;
}

/** Returns whether a path, or the pattern of a route, is one of the routes. */
export type RouteFilter = (method: string, path: string) => boolean;

/**
 * Compiles routes as the middleware of NestJS does: a path of `forRoutes` includes all paths below it. A path of `exclude`
 * and a path with a method match only themselves.
 * @returns `undefined` if every route is served
 * @throws TypeError if path-to-regexp cannot parse a path
 */
export function routeFilter({ forRoutes, exclude = [] }: SessionRoutes): RouteFilter | undefined {
  if (forRoutes === undefined && exclude.length === 0) return undefined;
  const included = forRoutes?.map((route) => compile(route, false));
  const excluded = exclude.map((route) => compile(route, true));
  return (method, path) => {
    const matches = (route: RouteFilter): boolean => route(method, path);
    return (included?.some(matches) ?? true) && !excluded.some(matches);
  };
}

function compile(route: SessionRoute, whole: boolean): RouteFilter {
  if (typeof route === 'string') return ofPath(route, whole);
  const matches = ofPath(route.path, true);
  const name = RequestMethod[route.method];
  if (route.method === RequestMethod.ALL) return matches;
  return (method, path) =>
    (method === name || (method === 'HEAD' && name === 'GET')) && matches(method, path);
}

function ofPath(path: string, whole: boolean): RouteFilter {
  // Converts the wildcards of older path-to-regexp versions (`*`, `(.*)`) to the current syntax.
  const named = withLetters(path)
    .replace(/\/?(\*|\(\.\*\))$/, '{/*path}')
    .replace(/\/+$/, '');
  const { regexp } = pathToRegexp(/^($|[/{])/.test(named) ? named : `/${named}`, { end: whole });
  return (_method, requested) => regexp.test(requested);
}
