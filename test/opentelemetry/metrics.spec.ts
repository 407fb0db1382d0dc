import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import type { RedisSessionModuleOptions } from 'nestjs-redis-session';
import { OpenTelemetrySessionObserver } from 'nestjs-redis-session/opentelemetry';
import { ExclusiveController, PlainController, Stage } from '../http/exclusive-app.js';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { RecordingObserver } from '../observed/recording.observer.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { Telemetry } from './telemetry.js';

describe.each(platforms)('the metrics of sessions on %s', (platform) => {
  let telemetry: Telemetry;
  let server: RedisServer;
  let app: HttpApp;
  let browser: Browser;
  let recording: RecordingObserver;

  beforeEach(async () => {
    telemetry = new Telemetry();
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await app.close();
    await server.stop();
    await telemetry.stop();
  });

  async function start(controllers = [ShopController], options: RedisSessionModuleOptions = {}) {
    recording = new RecordingObserver();
    const observers = [new OpenTelemetrySessionObserver(), recording];
    app = await startApp(platform, {
      controllers: controllers as never,
      providers: [Stage],
      options: { store: 'redis', port: server.port, observers, ...options },
    });
    browser = app.browser();
  }

  /** How many values a histogram has, by their attributes. */
  async function values(name: string): Promise<Record<string, number>> {
    const counted = (await telemetry.counted(name)) as unknown as Record<
      string,
      Histogram & { count: number }
    >;
    return Object.fromEntries(Object.entries(counted).map(([attributes, { count }]) => [attributes, count]));
  }

  it('count sessions that are created, rotated and destroyed, by reason', async () => {
    await start();
    for (const visitor of [browser, app.browser()]) await visitor.post('/session', { item: 'tea' });
    await browser.post('/login', { user: 'ada' });
    await browser.post('/regenerate');
    await browser.post('/session', { item: 'tea' });
    await browser.post('/logout');
    await app.sessions.destroyAll();
    expect(await telemetry.counted('sessions.created')).toEqual({ '': 3 });
    expect(await telemetry.counted('sessions.rotated')).toEqual({ '': 1 });
    expect(await telemetry.counted('sessions.destroyed')).toEqual({
      'reason=regenerated': 1,
      'reason=destroyed': 1,
      'reason=revoked': 1,
    });
  });

  it('measure how long operations take, and how much they read and write', async () => {
    await start();
    await browser.post('/session', { item: 'tea' });
    await browser.get('/session');
    const durations = await values('operation.duration');
    expect(durations).toMatchObject({
      'operation=create outcome=created': 1,
      'operation=load outcome=found': 1,
    });
    expect(await values('operation.size')).toEqual({ 'operation=create': 1, 'operation=load': 1 });
    expect(await telemetry.counted('operation.commands')).toMatchObject({ 'operation=load': 1 });
    const duration = (await telemetry.metrics()).get('nestjs_redis_session.operation.duration')!;
    expect(duration.descriptor.unit).toBe('s');
    const { value } = duration.dataPoints[0] as { value: { sum: number } };
    // Seconds: an operation on a local Redis takes less than one.
    expect(value.sum).toBeGreaterThan(0);
    expect(value.sum).toBeLessThan(60);
  });

  it('count saves that were refused', async () => {
    await start();
    await browser.post('/session', { item: 'tea' });
    const session = (await app.sessions.find<{ item: string }>(browser.cookie('sid')!.split('.')[0]!))!;
    await browser.post('/logout');
    session.item = 'mate';
    await expect(app.sessions.save(session)).rejects.toMatchObject({ code: 'SESSION_GONE' });
    expect(await telemetry.counted('save.refused')).toEqual({ 'operation=save outcome=gone': 1 });
  });

  it('measure the wait for a lock, and count lost leases', async () => {
    await start([PlainController, ExclusiveController] as never);
    await browser.post('/start');
    const stage = app.app.get(Stage);
    const answer = browser.post('/hold');
    const { leave } = await stage.next();
    await server.admin.del(`{${app.applicationName}_${browser.cookie('sid')!.split('.')[0]}}_Write_Lock`);
    leave.resolve();
    expect((await answer).status).toBe(409);
    expect(await values('lock.wait')).toEqual({ 'operation=lock outcome=found': 1 });
    expect(await telemetry.counted('lock.lost')).toEqual({ 'operation=save': 1 });
    expect(await telemetry.counted('save.refused')).toEqual({ 'operation=save outcome=lock-lost': 1 });
  });

  it('count retries, and errors by their codes', async () => {
    await start([ShopController], { retryTimeoutInMilliseconds: 15_000 });
    await browser.post('/session', { item: 'tea' });
    await server.kill();
    recording.take();
    const answer = browser.get('/session');
    await eventually(() => recording.begun.length === 1);
    await server.restart();
    expect((await answer).status).toBe(200);
    const retries = await telemetry.counted('operation.retries');
    expect(Object.keys(retries)).toEqual(['operation=load']);
    expect(retries['operation=load']).toBeGreaterThan(0);
    await app.close();

    await start([ShopController]);
    await browser.post('/session', { item: 'tea' });
    await server.kill();
    expect((await browser.get('/session')).status).toBe(503);
    expect(await values('operation.duration')).toMatchObject({
      'operation=load outcome=error error.type=SESSION_STORE_UNAVAILABLE': 1,
    });
  });
});
