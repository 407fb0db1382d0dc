import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RedisSessionModule } from 'nestjs-redis-session';

export async function testedApplication(CartController: Type) {
  const module = await Test.createTestingModule({
    imports: [RedisSessionModule.forRoot({ store: 'memory' })],
    controllers: [CartController],
  }).compile();
  const app = module.createNestApplication();
  await app.listen(0);
  return app;
}
