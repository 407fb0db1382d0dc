import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, type INestApplication, Logger, Post, Req } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  InMemorySessionStore,
  RedisSessionModule,
  type RedisSessionModuleExtras,
  type RedisSessionModuleOptions,
  RequireRecentAuthentication,
  SessionRepository,
  SessionStoreUnavailableError,
  type SessionType,
  SessionUsageError,
} from 'nestjs-redis-session';
import { loginAs } from 'nestjs-redis-session/testing';
import supertest from 'supertest';
import { type Platform, platforms } from '../http/http-app.js';
import { RedisServer } from '../support/redis-server.js';

// It requires an ES module, which Jest can't before Node 24.9. Requests with the option `cookies` need it, and no others.
// Fastify of NestJS 11 has a version without this file.
const COOKIES = 'light-my-request/lib/cookies.js';
if (existsSync(`node_modules/${COOKIES}`)) jest.mock(COOKIES, () => ({}));

interface Shop {
  user: string;
  cart: string[];
}

@Controller()
class AccountController {
  @Get(['cart', 'admin/cart'])
  cart(@Req() { session }: { session: SessionType<Shop> }) {
    return { user: session.user ?? null, cart: session.cart ?? [] };
  }

  @Post('orders')
  @RequireRecentAuthentication({ seconds: 300 })
  order(@Req() { session }: { session: SessionType<Shop> }) {
    session.cart = [];
    return { ordered: true };
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

describe.each(platforms)('loginAs(), on %s', (platform) => {
  const { NODE_ENV } = process.env;
  let app: INestApplication;
  afterEach(async () => {
    process.env['NODE_ENV'] = NODE_ENV;
    jest.restoreAllMocks();
    await app.close();
  });

  async function start(...registrations: (RedisSessionModuleOptions & RedisSessionModuleExtras)[]) {
    const imports = registrations.map((given) => RedisSessionModule.forRoot({ store: 'memory', ...given }));
    const module = await Test.createTestingModule({ imports, controllers: [AccountController] }).compile();
    app = module.createNestApplication(platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter());
    await app.init();
    if (platform === 'fastify') await (app as NestFastifyApplication).getHttpAdapter().getInstance().ready();
  }

  // As each platform's documentation sends requests.
  const clients: Record<
    Platform,
    (method: 'GET' | 'POST', url: string, headers: Record<string, string>) => Promise<Answer>
  > = {
    express: (method, url, headers) =>
      method === 'GET'
        ? supertest(app.getHttpServer()).get(url).set(headers)
        : supertest(app.getHttpServer()).post(url).set(headers),
    fastify: async (method, url, headers) => {
      const answer = await (app as NestFastifyApplication).inject({ method, url, headers });
      return { status: answer.statusCode, body: answer.json() };
    },
  };
  const send = clients[platform];
  const alice = { user: 'alice', cart: ['tea'] };

  it('returns the cookie of a stored session with these attributes', async () => {
    await start({});
    const headers = await loginAs<Shop>(app, alice);
    expect(Object.keys(headers)).toEqual(['cookie']);
    expect((await send('GET', '/cart', headers)).body).toEqual(alice);
    expect((await send('POST', '/orders', headers)).status).toBe(201);
    expect((await send('GET', '/cart', headers)).body).toEqual({ user: 'alice', cart: [] });
  });

  it('binds the session to its user, who has just authenticated', async () => {
    await start({});
    const [headers] = [await loginAs<Shop>(app, alice), await loginAs<Shop>(app, { user: 'bob' })];
    const sessions = app.get(SessionRepository);
    const [listed, ...others] = await sessions.findByUser('alice');
    expect(others).toEqual([]);
    const session = await sessions.find(listed!.id);
    expect(session!.authenticatedAt).toEqual(session!.createdAt);
    await sessions.destroyByUser('alice');
    expect((await send('GET', '/cart', headers)).body).toEqual({ user: null, cart: [] });
  });

  it('sets authenticatedAt for a user that the application keeps elsewhere, and for none', async () => {
    await start({});
    const headers = await loginAs<{ account: object }>(app, { account: { id: 7 } });
    expect((await send('POST', '/orders', headers)).status).toBe(201);
  });

  it('names a __Host- cookie in production', async () => {
    process.env['NODE_ENV'] = 'production';
    await start({});
    const headers = await loginAs<Shop>(app, alice);
    expect(headers['cookie']).toMatch(/^__Host-sid=[\w-]{22}\.[\w-]+$/);
    expect((await send('GET', '/cart', headers)).body).toEqual(alice);
  });

  it('logs in to a named registration', async () => {
    await start({}, { name: 'admin', forRoutes: ['admin'], cookie: { name: 'admin' } });
    const shop = await loginAs<Shop>(app, { user: 'bob' });
    expect((await send('GET', '/cart', shop)).body).toEqual({ user: 'bob', cart: [] });
    const headers = await loginAs<Shop>(app, alice, { name: 'admin' });
    expect(headers['cookie']).toMatch(/^admin=/);
    expect((await send('GET', '/admin/cart', headers)).body).toEqual(alice);
    expect((await send('GET', '/cart', headers)).body).toEqual({ user: null, cart: [] });
  });

  it('returns the header of a registration that has no cookie', async () => {
    await start({ header: { name: 'Authorization', scheme: 'Session' } });
    const headers = await loginAs<Shop>(app, alice);
    expect(headers).toEqual({ authorization: expect.stringMatching(/^Session [\w-]{22}\.[\w-]+$/) });
    expect((await send('GET', '/cart', headers)).body).toEqual(alice);
  });

  it('logs in to sessions in Redis, too', async () => {
    const server = await RedisServer.start();
    try {
      await start({ store: 'redis', port: server.port });
      const headers = await loginAs<Shop>(app, alice);
      expect((await send('GET', '/cart', headers)).body).toEqual(alice);
      expect((await send('POST', '/orders', headers)).status).toBe(201);
    } finally {
      await server.stop();
    }
  });

  it('logs no secret, not even with logOperations', async () => {
    const written: string[] = [];
    for (const stream of [process.stdout, process.stderr])
      jest.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    await start({ logOperations: true });
    app.useLogger(['verbose', 'debug', 'log', 'warn', 'error', 'fatal']);
    const headers = await loginAs<Shop>(app, alice);
    await send('GET', '/cart', headers);
    const secret = headers['cookie']!.split('.')[1]!;
    expect(written.join('')).not.toContain(secret);
  });

  it('throws the error of a store that fails, even with throwOnError: false', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const store = new InMemorySessionStore();
    const failure = new SessionStoreUnavailableError('create', 1, new Error('away'));
    store.create = () => Promise.reject(failure);
    await start({ store, throwOnError: false });
    await expect(loginAs<Shop>(app, alice)).rejects.toBe(failure);
  });

  it('says which registration the application does not import', async () => {
    await start({});
    await expect(loginAs<Shop>(app, alice, { name: 'admin' })).rejects.toThrow(SessionUsageError);
    await expect(loginAs<Shop>(app, alice, { name: 'admin' })).rejects.toThrow(
      'this application does not import a registration "admin"',
    );
  });

  it('takes attributes of the session type only', async () => {
    await start({});
    // @ts-expect-error -- a cart is a list
    await loginAs<Shop>(app, { cart: 'tea' });
    // @ts-expect-error -- no attribute of this name
    await loginAs<Shop>(app, { basket: [] });
    expect(await app.get(SessionRepository).destroyAll()).toBe(2);
  });
});
