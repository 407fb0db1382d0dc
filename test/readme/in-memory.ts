import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RedisSessionModule, RedisSessionOptions } from 'nestjs-redis-session';
import { CartController } from './states.js';

export async function testedApplication() {
  const module = await Test.createTestingModule({
    imports: [RedisSessionModule.forRoot({ store: 'memory' })],
    controllers: [CartController],
  }).compile();
  const app = module.createNestApplication();
  await app.listen(0);
  return app;
}

export async function withOtherOptions(AppModule: Type) {
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(RedisSessionOptions)
    .useValue({ store: 'memory' })
    .compile();
  return module.createNestApplication();
}

export async function withoutTheModule() {
  const module = await Test.createTestingModule({ controllers: [CartController] }).compile();
  module.get(CartController).show(['tea']);
  return module;
}
