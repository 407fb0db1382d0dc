import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, type INestApplication, Module, UnauthorizedException } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { RedisSessionModule, Session } from 'nestjs-redis-session';
import { inMemorySessions } from 'nestjs-redis-session/testing';
import { freePort } from '../support/free-port.js';
import { afterwards, asAdmin, onExpress, onFastify, withoutRedis } from './testing.js';

// It requires an ES module, which Jest can't before Node 24.9. Requests with the option `cookies` need it, and no others.
// Fastify of NestJS 11 has a version without this file.
const COOKIES = 'light-my-request/lib/cookies.js';
if (existsSync(`node_modules/${COOKIES}`)) jest.mock(COOKIES, () => ({}));

@Controller()
class CartController {
  @Get('cart')
  cart(@Session() session: Session<{ user: string; cart: string[] }>) {
    if (session.user === undefined) throw new UnauthorizedException();
    return session.cart;
  }
}

// Nothing listens there.
const port = await freePort();

@Module({
  imports: [
    RedisSessionModule.forRoot({ port, idleTimeoutInSeconds: 1200 }),
    RedisSessionModule.forRoot({ port, name: 'admin', forRoutes: ['admin'], cookie: { name: 'admin' } }),
  ],
  controllers: [CartController],
})
class AppModule {}

describe('the tests that docs/testing.md shows', () => {
  let app: INestApplication;
  afterEach(() => app.close());

  it('run on Express', async () => {
    app = await withoutRedis(AppModule);
    expect(await onExpress(app)).toEqual([['tea']]);
    expect(await asAdmin(app)).toEqual({ cookie: expect.stringMatching(/^admin=/) });
    expect(await afterwards(app)).toBe(401);
  });

  it('run on Fastify', async () => {
    const module = await inMemorySessions(Test.createTestingModule({ imports: [AppModule] })).compile();
    const fastify = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    app = fastify;
    await app.init();
    expect(await onFastify(fastify)).toEqual([['tea']]);
  });
});
