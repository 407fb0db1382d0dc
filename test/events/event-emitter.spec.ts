import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { AuditLog, SessionsWithEvents } from '../readme/events.js';
import { eventually } from '../support/eventually.js';
import { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { RecordedEvents } from './recorded-events.js';

describe.each(platforms)('@nestjs/event-emitter on %s', (platform) => {
  let server: RedisServer;
  let app: INestApplication | undefined;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(() => app?.close());
  afterAll(() => server.stop());

  it('calls the methods that listen with @OnEvent', async () => {
    process.env['REDIS_SESSION_PORT'] = String(server.port);
    process.env['REDIS_SESSION_APPLICATION_NAME'] = uniqueName('shop');
    process.env['REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS'] = '1';
    try {
      @Module({ imports: [SessionsWithEvents], controllers: [ShopController] })
      class AppModule {}
      const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
      app = await NestFactory.create(AppModule, adapter, { logger: false, abortOnError: false });
      await app.listen(0, '127.0.0.1');
    } finally {
      delete process.env['REDIS_SESSION_PORT'];
      delete process.env['REDIS_SESSION_APPLICATION_NAME'];
      delete process.env['REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS'];
    }
    const browser = new Browser(await app.getUrl());
    await browser.post('/session', { user: 'ada', city: 'Kyoto' });
    const id = browser.cookie('sid')!.split('.')[0]!;
    const { lines } = app.get(AuditLog);
    await eventually(() => expect(lines).toEqual([`ada logged in: ${id}`, `${id} timed out in Kyoto`]), {
      within: 20_000,
    });
  });

  it('is not needed: the emitter of Node.js does as well', async () => {
    const events = new RecordedEvents();
    const emitter = new EventEmitter();
    emitter.on('session.created', events.listener);
    const plain = await startApp(platform, {
      controllers: [ShopController],
      options: { store: 'redis', port: server.port, events: emitter },
    });
    app = plain.app;
    await plain.browser().post('/login', { user: 'ada' });
    await eventually(() => expect(events.all).toMatchObject([{ name: 'session.created' }]));
  });
});
