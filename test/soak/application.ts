import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RedisSessionModule } from 'nestjs-redis-session';
import { SessionErrorFilter, SoakController } from './soak.controller.js';
import { soakOptions } from './soak-options.js';

/** What the program that runs applications tells each of them. */
export interface ApplicationSetup {
  readonly platform: 'express' | 'fastify';
  readonly port: number;
  readonly redisPort: number;
  readonly username: string;
  readonly accessKey: string;
}

const { platform, port, redisPort, ...account } = JSON.parse(process.argv[2]!) as ApplicationSetup;

@Module({
  imports: [RedisSessionModule.forRoot({ ...soakOptions, ...account, port: redisPort })],
  controllers: [SoakController],
  providers: [{ provide: APP_FILTER, useClass: SessionErrorFilter }],
})
class SoakModule {}

const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(SoakModule, adapter, { logger: false });
await app.listen(port, '127.0.0.1');
// Whoever runs it is gone.
process.on('disconnect', () => process.exit());
process.send!('listening');
