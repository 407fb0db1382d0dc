import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

export async function start(AppModule: Type) {
  const app = await NestFactory.create<NestExpressApplication>(AppModule);
  app.set('trust proxy', 1); // Fastify: new FastifyAdapter({ trustProxy: true })
  await app.listen(3000);
  return app;
}
