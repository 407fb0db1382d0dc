import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PlainController, routed, SessionController } from './controller.mjs';
import { keepingRoutes } from './keeping-controller.mjs';

// One case: a Nest application that reports its CPU time and heap to its parent process.
const given = JSON.parse(process.argv[2]);
const { sessionsFor } = await import(`./${given.sessions}.mjs`);
const sessions = await sessionsFor(given);

function AppModule() {}
Module({
  imports: sessions.imports ?? [],
  controllers: [
    given.keeping ? keepingRoutes(sessions) : routed(sessions.plain ? PlainController : SessionController),
  ],
})(AppModule);

const adapter = given.platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
await sessions[given.platform]?.(app);
await app.listen(0, '127.0.0.1');

const answers = {
  cpu() {
    const { user, system } = process.cpuUsage();
    process.send(user + system);
  },
  heap() {
    globalThis.gc();
    process.send(process.memoryUsage().heapUsed);
  },
  stop: () => process.exit(),
};
process.on('message', (question) => answers[question]());
process.on('disconnect', answers.stop);
process.send({ port: app.getHttpServer().address().port });
