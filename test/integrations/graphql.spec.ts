import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  InMemorySessionStore,
  RedisSessionModule,
  type RedisSessionModuleOptions,
} from 'nestjs-redis-session';
import type { Browser, BrowserResponse } from '../support/http-browser.js';
import { platforms, sessionsInMemory, startNest, type NestApp } from './nest-app.js';

// mercurius requires it for its GraphiQL page, and it requires an ES module, which Jest can't before Node 24.9.
jest.mock('@fastify/static', () => () => undefined);
const { graphql, OfficeResolver, PageResolver } = await import('./graphql-app.js');

const servers = { express: 'Apollo on Express', fastify: 'mercurius on Fastify' };

function ask(visitor: Browser, query: string): Promise<BrowserResponse> {
  return visitor.post('/graphql', { query });
}

async function dataOf(visitor: Browser, query: string): Promise<unknown> {
  const { data, errors } = (await ask(visitor, query)).json() as { data: unknown; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
}

describe.each(platforms)('GraphQL on %s', (platform) => {
  let app: NestApp;
  let store: InMemorySessionStore;
  afterEach(() => app.close());

  async function start(options: RedisSessionModuleOptions = {}): Promise<Browser> {
    store = new InMemorySessionStore();
    const imports = [sessionsInMemory({ store, ...options }), graphql(platform)];
    app = await startNest(platform, { imports, providers: [PageResolver] });
    return app.browser();
  }

  describe.each(['request', 'interceptor'] as const)(`(${servers[platform]}), hydrate: %s`, (hydrate) => {
    it('passes the session and its attributes to resolvers', async () => {
      const visitor = await start({ hydrate });

      expect(await dataOf(visitor, 'mutation { add(item: "tea") }')).toEqual({ add: ['tea'] });
      expect(await dataOf(visitor, '{ page { cart } }')).toEqual({ page: { cart: ['tea'] } });
    });

    it('provides one session to all resolvers of an operation, and stores it once', async () => {
      const visitor = await start({ hydrate });
      await dataOf(visitor, 'mutation { add(item: "tea") }');
      const saves = jest.spyOn(store, 'save');

      expect(await dataOf(visitor, '{ page { left right } }')).toEqual({ page: { left: 1, right: 1 } });

      expect(saves.mock.calls.map(([, { attributes }]) => attributes)).toEqual([
        new Map([
          ['left', '1'],
          ['right', '1'],
        ]),
      ]);
    });

    it('stores the mutations of an operation together, in their order', async () => {
      const visitor = await start({ hydrate });
      const creates = jest.spyOn(store, 'create');

      await dataOf(visitor, 'mutation { first: add(item: "tea") second: add(item: "milk") }');

      expect(creates.mock.calls.map(([{ attributes }]) => attributes)).toEqual([
        new Map([['cart', '["tea","milk"]']]),
      ]);
    });
  });

  it('lets guards read the session with sessionFromContext()', async () => {
    const visitor = await start();

    expect((await ask(visitor, '{ checkout }')).json()).toMatchObject({
      errors: [{ message: 'Forbidden resource' }],
    });
    await dataOf(visitor, 'mutation { add(item: "tea") }');
    expect(await dataOf(visitor, '{ checkout }')).toEqual({ checkout: ['tea'] });
  });

  it('keeps what a resolver wrote before it refused', async () => {
    const visitor = await start();

    expect((await ask(visitor, 'mutation { forbidden }')).json()).toMatchObject({
      errors: [{ message: 'Not for you' }],
    });
    expect(await dataOf(visitor, '{ seen }')).toEqual({ seen: ['a refusal'] });
  });

  it('refuses a write in a resolver with the state read-only', async () => {
    const visitor = await start();
    await dataOf(visitor, 'mutation { add(item: "tea") }');

    const { errors } = (await ask(visitor, '{ look }')).json() as { errors: { message: string }[] };

    expect(errors[0]!.message).toMatch(/^Cannot set session.seen: the session is read-only here/);
    expect(await dataOf(visitor, '{ seen }')).toEqual({ seen: [] });
  });

  it('ends the session of a visitor who logs out, and removes the cookie', async () => {
    const visitor = await start();
    await dataOf(visitor, 'mutation { add(item: "tea") }');
    const thief = visitor.clone();

    await dataOf(visitor, 'mutation { logout }');

    expect(visitor.cookie('sid')).toBeUndefined();
    expect(await dataOf(thief, '{ page { cart } }')).toEqual({ page: { cart: [] } });
  });

  it('creates no key and no cookie for an operation without a session', async () => {
    const visitor = await start();

    const answer = await ask(visitor, '{ page { cart } }');

    expect(answer.json()).toEqual({ data: { page: { cart: [] } } });
    expect([answer.setCookies, store.size]).toEqual([[], 0]);
  });
});

describe.each(platforms)('GraphQL beside two registrations on %s', (platform) => {
  let app: NestApp;
  afterEach(() => app.close());

  async function start(forRoutes: string[]): Promise<Browser> {
    const imports = [
      sessionsInMemory(),
      RedisSessionModule.forRoot({ name: 'admin', store: 'memory', forRoutes, cookie: { name: 'admin' } }),
      graphql(platform),
    ];
    app = await startNest(platform, { imports, providers: [PageResolver, OfficeResolver] });
    return app.browser();
  }

  it('serves a resolver if its @UseSession names the registration of its path', async () => {
    const visitor = await start(['graphql']);

    expect(await dataOf(visitor, '{ orders }')).toEqual({ orders: ['no order'] });
  });

  it('refuses a resolver if its @UseSession names another registration', async () => {
    const visitor = await start(['admin']);

    const { data, errors } = (await ask(visitor, '{ orders }')).json();
    expect([data, errors]).toEqual([null, [expect.anything()]]);
  });
});
