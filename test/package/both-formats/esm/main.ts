// A user's application of ES modules with a feature that is compiled to CommonJS, as scripts/smoke-package.mjs runs it:
// both formats of the package in one process, and one session.
import { deepStrictEqual as same, notStrictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { RedisSessionModule, Session, SessionState } from 'nestjs-redis-session';
import { GatewaySession } from 'nestjs-redis-session/websockets';
import { WebSocket } from 'ws';
import { FeatureModule } from '../cjs/feature.js';

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
  }

  @Post('logout')
  logout(@Session() session: Session<Shop>) {
    return session.destroy();
  }

  @Get('cart')
  @SessionState('read-only')
  show(@Session('cart') cart: string[] = []) {
    return cart;
  }
}

@Module({
  imports: [RedisSessionModule.forRoot({ applicationName: 'both' }), FeatureModule],
  controllers: [ShopController],
})
class AppModule {}

async function main(platform: string): Promise<void> {
  const { GatewaySession: other } = createRequire(import.meta.url)('nestjs-redis-session/websockets') as {
    GatewaySession: unknown;
  };
  notStrictEqual(other, GatewaySession, 'Both formats are loaded.');
  const app = await NestFactory.create(AppModule, await adapterOf(platform), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  let cookie = '';
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const headers = { cookie, ...(body && { 'content-type': 'application/json' }) };
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    for (const sent of answer.headers.getSetCookie()) cookie = sent.split(';')[0] ?? '';
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  };

  await ask('POST', '/login', { user: 'Ada' });
  same(await ask('POST', '/feature/cart/tea'), ['tea']);
  same(await ask('POST', '/feature/cart/pot'), ['tea', 'pot']);
  same(await ask('GET', '/cart'), ['tea', 'pot']);
  same(await ask('GET', '/feature/stored'), ['tea', 'pot']);
  same(await ask('GET', '/feature/refused'), { code: 'SESSION_READ_ONLY', readOnly: true });

  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { cookie } });
  await once(socket, 'open');
  socket.send(JSON.stringify({ event: 'say', data: 'hello' }));
  const [message] = (await once(socket, 'message')) as [Buffer];
  same(JSON.parse(message.toString()), { event: 'said', data: 'Ada: hello' });
  socket.close();
  await ask('POST', '/logout');
  await app.close();
  console.log(`${platform}: passed`);
}

async function adapterOf(platform: string) {
  if (platform === 'fastify') return new (await import('@nestjs/platform-fastify')).FastifyAdapter();
  return new (await import('@nestjs/platform-express')).ExpressAdapter();
}

void main(process.argv[2] ?? 'express');
