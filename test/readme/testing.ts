import { type INestApplication, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { clock, inMemorySessions, loginAs } from 'nestjs-redis-session/testing';
import request from 'supertest';

interface ShopSession {
  user: string;
  cart: string[];
}

export async function withoutRedis(AppModule: Type) {
  const module = await inMemorySessions(Test.createTestingModule({ imports: [AppModule] })).compile();
  const app = module.createNestApplication();
  await app.listen(0);
  return app;
}

export async function onExpress(app: INestApplication) {
  const alice = await loginAs<ShopSession>(app, { user: 'alice', cart: ['tea'] });
  const answer = await request(app.getHttpServer()).get('/cart').set(alice);
  return [answer.body];
}

export async function onFastify(app: NestFastifyApplication) {
  const alice = await loginAs<ShopSession>(app, { user: 'alice', cart: ['tea'] });
  const answer = await app.inject({ url: '/cart', headers: alice });
  return [answer.json()];
}

export async function asAdmin(app: INestApplication) {
  const staff = await loginAs(app, { user: '7' }, { name: 'admin' });
  return staff;
}

export async function afterwards(app: INestApplication) {
  const alice = await loginAs<ShopSession>(app, { user: 'alice' });
  clock.advance({ minutes: 30 });
  const answer = await request(app.getHttpServer()).get('/cart').set(alice);
  clock.reset();
  return answer.status;
}
