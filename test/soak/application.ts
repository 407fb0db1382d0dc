import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RedisSessionModule } from 'nestjs-redis-session';
import { redirectPorts } from './redirected-ports.js';
import { SessionErrorFilter } from './session-error-filter.js';
import { SoakController } from './soak.controller.js';
import { soakOptions } from './soak-options.js';

/** What the program that runs applications tells each of them. */
export interface ApplicationSetup {
  readonly platform: 'express' | 'fastify';
  readonly port: number;
  /** Options of the module: where Redis is, and for how long a failed operation is tried again. */
  readonly redis: object;
  /** Which port leads to that of a server of Redis. */
  readonly ports: Readonly<Record<number, number>>;
}

const { platform, port, redis, ports } = JSON.parse(process.argv[2]!) as ApplicationSetup;
redirectPorts(ports);

@Module({
  imports: [RedisSessionModule.forRoot({ ...soakOptions, ...redis })],
  controllers: [SoakController],
  providers: [{ provide: APP_FILTER, useClass: SessionErrorFilter }],
})
class SoakModule {}

const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(SoakModule, adapter, { logger: false });
app.enableShutdownHooks();
await app.listen(port, '127.0.0.1');
// Whoever runs it is gone.
process.on('disconnect', () => process.exit());
process.send!('listening');
