import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { APP_GUARD } from '@nestjs/core';
import { CrossSiteGuard } from 'nestjs-redis-session';
import { platforms, sessionsInMemory, startNest, type NestApp } from './nest-app.js';

// mercurius requires it for its GraphiQL page, and it requires an ES module, which Jest can't before Node 24.9.
jest.mock('@fastify/static', () => () => undefined);
const { graphql, PageResolver } = await import('./graphql-app.js');

describe.each(platforms)('CrossSiteGuard before resolvers, on %s', (platform) => {
  let app: NestApp;
  afterEach(() => app.close());

  async function start() {
    app = await startNest(platform, {
      imports: [sessionsInMemory(), graphql(platform)],
      providers: [PageResolver, { provide: APP_GUARD, useClass: CrossSiteGuard }],
    });
    const visitor = app.browser();
    return (query: string, origin?: string) =>
      visitor.post('/graphql', { query }, { headers: origin === undefined ? {} : { origin } });
  }

  it('refuses a mutation of a page of another site, and passes the others', async () => {
    const send = await start();
    const add = 'mutation { add(item: "tea") }';

    expect((await send(add, 'https://evil.example')).json()).toMatchObject({
      errors: [{ message: expect.stringMatching(/^A page of another site sent this request/) }],
    });
    expect((await send(add, app.url)).json()).toEqual({ data: { add: ['tea'] } });
    expect((await send(add)).json()).toEqual({ data: { add: ['tea', 'tea'] } });
  });
});
