import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  InMemorySessionStore,
  RedisSessionModule,
  redisSessionConfig,
  Session,
  SessionStore,
} from 'nestjs-redis-session';
import { inMemorySessions } from 'nestjs-redis-session/testing';
import { platforms } from '../http/http-app.js';
import { Browser } from '../support/http-browser.js';

interface Counted {
  visits: number;
}

@Controller()
class CountController {
  @Get(['count', 'admin/count'])
  count(@Session() session: Session<Counted>) {
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  }
}

async function twoVisits(browser: Browser, path: string): Promise<unknown[]> {
  return [(await browser.get(path)).json(), (await browser.get(path)).json()];
}

describe.each(platforms)('a testing module with inMemorySessions(), on %s', (platform) => {
  const env = { ...process.env };
  let redis: Server;
  let connections = 0;
  let app: INestApplication | undefined;

  beforeEach(async () => {
    connections = 0;
    redis = createServer((socket) => {
      connections++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(redis, 'listening');
    process.env['REDIS_SESSION_HOST'] = '127.0.0.1';
    process.env['REDIS_SESSION_PORT'] = String((redis.address() as AddressInfo).port);
    process.env['REDIS_SESSION_COOKIE_NAME'] = 'shop';
    process.env['REDIS_SESSION_FAIL_FAST'] = 'true';
  });
  afterEach(async () => {
    process.env = { ...env };
    await app?.close();
    redis.close();
  });

  async function start(AppModule: new () => object, options?: Parameters<typeof inMemorySessions>[1]) {
    const builder = inMemorySessions(Test.createTestingModule({ imports: [AppModule] }), options);
    const module = await builder.compile();
    app = module.createNestApplication(platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter());
    await app.listen(0, '127.0.0.1');
    return new Browser(await app.getUrl());
  }

  it('has the sessions of the environment’s options, and opens no connection', async () => {
    @Module({ imports: [RedisSessionModule.forRoot()], controllers: [CountController] })
    class AppModule {}
    const browser = await start(AppModule);
    expect(await twoVisits(browser, '/count')).toEqual([{ visits: 1 }, { visits: 2 }]);
    expect(browser.cookie('shop')).toBeDefined();
    expect(connections).toBe(0);
  });

  it('keeps each of several registrations in memory, apart from each other', async () => {
    @Module({
      imports: [
        RedisSessionModule.forRootAsync(redisSessionConfig.asProvider()),
        RedisSessionModule.forRoot({
          name: 'admin',
          forRoutes: ['admin'],
          cookie: { name: 'admin' },
        }),
      ],
      controllers: [CountController],
    })
    class AppModule {}
    const browser = await start(AppModule);
    expect(await twoVisits(browser, '/admin/count')).toEqual([{ visits: 1 }, { visits: 2 }]);
    expect(await twoVisits(browser, '/count')).toEqual([{ visits: 1 }, { visits: 2 }]);
    const stores = app!.get<SessionStore[]>(SessionStore, { strict: false, each: true });
    expect(new Set(stores).size).toBe(2);
    expect(stores).toEqual([expect.any(InMemorySessionStore), expect.any(InMemorySessionStore)]);
    expect(connections).toBe(0);
  });

  it('replaces the other options that it is given', async () => {
    @Module({ imports: [RedisSessionModule.forRoot()], controllers: [CountController] })
    class AppModule {}
    const browser = await start(AppModule, { cookie: { name: 'tested' } });
    await browser.get('/count');
    expect([browser.cookie('tested'), browser.cookie('shop')]).toEqual([expect.any(String), undefined]);
  });
});
