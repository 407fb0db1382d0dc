// A user's application, compiled and run by scripts/smoke-package.mjs against the packed package, as an
// ES module and as CommonJS. It checks itself; the process must end by itself once it has closed.
import { deepStrictEqual as same, match } from 'node:assert/strict';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Redis } from 'ioredis';
import { RedisSessionModule, Session, SessionRepository } from 'nestjs-redis-session';

interface Shop {
  visitor: string;
  cart: string[];
}

@Controller()
class ShopController {
  @Post('login')
  login(@Body() body: { user: string }, @Session() session: Session<Shop>) {
    session.rotate();
    session.visitor = body.user;
    return { id: session.id };
  }

  @Post('cart')
  add(@Body() body: { sku: string }, @Session() session: Session<Shop>) {
    session.cart = [...(session.cart ?? []), body.sku];
    return session.cart;
  }

  @Get('cart')
  show(@Session() session: Session<Shop>, @Session('cart') cart: string[] = []) {
    return { visitor: session.visitor ?? null, cart };
  }

  @Post('logout')
  logout(@Session() session: Session<Shop>) {
    return session.destroy();
  }
}

// The host and the port come from the environment.
@Module({
  imports: [RedisSessionModule.forRoot({ applicationName: 'consumer' })],
  controllers: [ShopController],
})
class AppModule {}

async function main(platform: string): Promise<void> {
  const app = await NestFactory.create(AppModule, await adapterOf(platform), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  let cookie = '';
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', cookie };
    const answer = await fetch(url + path, {
      method,
      headers: body ? headers : { cookie },
      body: body && JSON.stringify(body),
    });
    for (const sent of answer.headers.getSetCookie()) cookie = sent.split(';')[0] ?? '';
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };

  same(await ask('GET', '/cart'), { visitor: null, cart: [] });
  same(cookie, '');
  same(await ask('POST', '/cart', { sku: 'tea' }), ['tea']);
  const before = cookie;
  const { id } = (await ask('POST', '/login', { user: 'Ada' })) as { id: string };
  match(cookie, /^sid=[\w-]{22}\.[\w-]{43}$/);
  same(cookie === before, false);
  same(await ask('POST', '/cart', { sku: 'pot' }), ['tea', 'pot']);
  same(await ask('GET', '/cart'), { visitor: 'Ada', cart: ['tea', 'pot'] });

  const session = await app.get(SessionRepository).find<Shop>(id);
  same(session?.cart, ['tea', 'pot']);
  const redis = new Redis({ port: Number(process.env['REDIS_SESSION_PORT']) });
  same(await redis.keys('*'), [`{consumer_${id}}_Data`]);
  await ask('POST', '/logout', {});
  same(await redis.keys('*'), []);
  await redis.quit();

  await app.close();
  console.log(`${platform}: passed`);
}

async function adapterOf(platform: string): Promise<AbstractHttpAdapter> {
  if (platform === 'fastify') return new (await import('@nestjs/platform-fastify')).FastifyAdapter();
  return new (await import('@nestjs/platform-express')).ExpressAdapter();
}

void main(process.argv[2] ?? 'express');
