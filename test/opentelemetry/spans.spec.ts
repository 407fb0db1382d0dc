import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { RedisSessionModuleOptions } from 'nestjs-redis-session';
import { OpenTelemetrySessionObserver } from 'nestjs-redis-session/opentelemetry';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { CounterController } from '../readme/exclusive.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { Telemetry } from './telemetry.js';

describe.each(platforms)('the spans of sessions on %s', (platform) => {
  let telemetry: Telemetry;
  let server: RedisServer;
  let app: HttpApp;
  let browser: Browser;

  beforeEach(async () => {
    telemetry = new Telemetry();
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await app.close();
    await server.stop();
    await telemetry.stop();
  });

  async function start(options: RedisSessionModuleOptions = {}): Promise<void> {
    app = await startApp(platform, {
      controllers: [ShopController, CounterController],
      options: {
        store: 'redis',
        port: server.port,
        observers: [new OpenTelemetrySessionObserver()],
        ...options,
      },
    });
    telemetry.traceRequests(app.app.getHttpServer() as Server);
    browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    telemetry.forgetSpans();
  }

  /** Each session span, with the name of its parent. */
  async function family(requests: number): Promise<string[]> {
    await eventually(() => telemetry.spans(false).filter(({ name }) => / \//.test(name)).length === requests);
    const names = new Map(telemetry.spans(false).map((span) => [span.spanContext().spanId, span.name]));
    return telemetry
      .spans()
      .map(({ name, parentSpanContext }) => `${names.get(parentSpanContext?.spanId ?? '')} > ${name}`);
  }

  it('are children of the request, also if requests run at once', async () => {
    await start();
    await Promise.all([browser.get('/session'), browser.clone().post('/session', { item: 'mate' })]);
    expect((await family(2)).toSorted()).toEqual([
      'GET /session > session load',
      'POST /session > session load',
      'POST /session > session save',
    ]);
  });

  it('name what the store was asked to do', async () => {
    await start();
    await browser.post('/login');
    await browser.post('/visits');
    await browser.post('/logout');
    await app.browser().post('/session', { item: 'tea' });
    expect(await family(4)).toEqual([
      'POST /login > session load',
      'POST /login > session rotate',
      'POST /visits > session load',
      'POST /visits > session lock',
      'POST /visits > session save',
      'POST /logout > session load',
      'POST /logout > session destroy',
      'POST /session > session create',
    ]);
  });

  it('say what it cost and how it ended', async () => {
    await start();
    await browser.get('/session');
    await family(1);
    const [load] = telemetry.spans();
    expect(load).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
    expect(load!.attributes).toEqual({
      'db.system.name': 'redis',
      'nestjs_redis_session.application': app.applicationName,
      'nestjs_redis_session.operation': 'load',
      'nestjs_redis_session.session': browser.cookie('sid')!.slice(0, 8),
      'nestjs_redis_session.outcome': 'found',
      'nestjs_redis_session.attempts': 1,
      'nestjs_redis_session.bytes': 9,
      'nestjs_redis_session.commands': 1,
      'nestjs_redis_session.round_trips': 1,
    });
  });

  it('are errors while Redis is away', async () => {
    await start();
    await server.kill();
    expect((await browser.get('/session')).status).toBe(503);
    await family(1);
    const [load] = telemetry.spans();
    expect(load!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'SESSION_STORE_UNAVAILABLE' });
    expect(load!.attributes).toMatchObject({
      'error.type': 'SESSION_STORE_UNAVAILABLE',
      'nestjs_redis_session.outcome': 'error',
    });
  });

  it('do not claim Redis if the store is in memory', async () => {
    await start({ store: 'memory' });
    await browser.get('/session');
    await family(1);
    const [load] = telemetry.spans();
    expect(load!.kind).toBe(SpanKind.INTERNAL);
    expect(Object.keys(load!.attributes)).not.toContain('db.system.name');
  });

  it('contain no secret, value or user, and no whole id', async () => {
    await start();
    await browser.post('/session', { item: 'a-secret-value' });
    await browser.post('/login', { user: 'alovelace' });
    await app.sessions.destroyByUser('alovelace');
    const everything = JSON.stringify([
      telemetry.spans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events })),
      [...(await telemetry.metrics()).values()],
    ]);
    const [id, secret] = browser.cookie('sid')!.split('.') as [string, string];
    expect(everything).toContain(id.slice(0, 8));
    for (const text of [id, secret, 'a-secret-value', 'alovelace']) expect(everything).not.toContain(text);
  });
});
