import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { CrossSiteGuard } from 'nestjs-redis-session';

class Resolver {
  resolve(this: void): void {}
}

function contextOf(type: string, args: unknown[]): ExecutionContext {
  const context = new ExecutionContextHost(args, Resolver, Resolver.prototype.resolve);
  context.setType(type);
  return context;
}

describe('CrossSiteGuard in a context without an HTTP request', () => {
  it.each([
    ['a message of a microservice', 'rpc', ['data', {}]],
    ['a message of a socket', 'ws', [{}, 'data']],
    ['a GraphQL subscription without a request', 'graphql', [{}, {}, {}]],
    ['a GraphQL subscription over a socket', 'graphql', [{}, {}, { req: { extra: {} } }]],
  ])('passes %s', (_what, type, args) => {
    expect(new CrossSiteGuard().canActivate(contextOf(type, args))).toBe(true);
  });
});
