import { afterEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { RedisSessionModule, type Session } from 'nestjs-redis-session';
import { Browser } from '../support/http-browser.js';
import { platforms } from './http-app.js';
import { type Shop, ShopController } from './shop.controller.js';

@Module({
  imports: [RedisSessionModule.forRoot({ store: 'memory' })],
  controllers: [ShopController],
})
class ShopModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((request: { session: Session<Shop> }, _response: unknown, next: () => void) => {
        request.session.visits = (request.session.visits ?? 0) + 1;
        next();
      })
      .forRoutes('session');
  }
}

describe.each(platforms)('an application from Test.createTestingModule(), on %s', (platform) => {
  let app: INestApplication | undefined;
  afterEach(() => app?.close());

  it('has sessions, for middleware, too', async () => {
    const module = await Test.createTestingModule({ imports: [ShopModule] }).compile();
    app = module.createNestApplication(platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter());
    await app.listen(0, '127.0.0.1');
    const browser = new Browser(await app.getUrl());
    await browser.post('/session', { item: 'tea' });
    expect((await browser.get('/session')).json()).toMatchObject({
      isNew: false,
      attributes: { item: 'tea', visits: 2 },
    });
    await browser.post('/logout');
    expect((await browser.get('/session')).json().attributes).toEqual({ visits: 1 });
  });
});
