import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';

const fastify = process.env.HTTP_ADAPTER === 'fastify';
const app = await NestFactory.create(AppModule, fastify ? new FastifyAdapter() : new ExpressAdapter());
// On SIGTERM, sends the last answers and closes the connection to Redis before the process ends.
app.enableShutdownHooks();
const port = Number(process.env.PORT ?? 3000);
await app.listen(port);
Logger.log(`Open http://localhost:${port} (${fastify ? 'Fastify' : 'Express'})`, 'Shop');
