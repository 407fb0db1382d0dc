import type { ExecutionContext } from '@nestjs/common';

/** A request and its answer, as the platform has them. */
export interface HttpOfContext {
  readonly request: object;
  readonly response: object;
}

interface GraphqlContext {
  readonly req?: object & { readonly res?: object };
  readonly res?: object;
  readonly reply?: object;
}

/**
 * The HTTP request that a guard, interceptor or decorator is called for: that of a route, or the one that carries a
 * GraphQL operation, which all of its resolvers share. @returns `undefined` in other contexts.
 */
export function httpOfContext(context: ExecutionContext): HttpOfContext | undefined {
  const type = context.getType<string>();
  if (type === 'http') {
    const http = context.switchToHttp();
    return { request: http.getRequest<object>(), response: http.getResponse<object>() };
  }
  if (type !== 'graphql') return undefined;
  // A resolver is called with its parent, its arguments and this; @nestjs/graphql puts the request there as `req`.
  const { req, res, reply } = context.getArgByIndex<GraphqlContext>(2);
  return req && { request: req, response: (res ?? reply ?? req.res)! };
}
