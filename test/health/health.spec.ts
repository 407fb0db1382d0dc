import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  InMemorySessionStore,
  RedisSessionModule,
  type RedisSessionModuleOptions,
} from 'nestjs-redis-session';
import { RedisSessionHealthIndicator, type RedisSessionHealthOptions } from 'nestjs-redis-session/health';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { Checks, healthApp, SLOW } from './health-app.js';

describe.each(platforms)('the health of sessions on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;

  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    server.thaw();
    await app.close();
    await server.stop();
  });

  async function start(options: RedisSessionModuleOptions = {}, named?: RedisSessionModuleOptions) {
    const admin = named && [RedisSessionModule.forRoot({ name: 'admin', forRoutes: ['admin'], ...named })];
    app = await startApp(platform, {
      ...healthApp,
      controllers: [...healthApp.controllers!, ShopController],
      imports: [...healthApp.imports!, ...(admin ?? [])],
      options: { store: 'redis', port: server.port, ...options },
    });
  }

  async function health(checks: Record<string, RedisSessionHealthOptions> = { sessions: {} }) {
    app.app.get(Checks).checks = checks;
    const answer = await app.browser().get('/health');
    return { status: answer.status, ...answer.json() };
  }

  it('is up while Redis answers, with the duration of the round trip', async () => {
    await start();
    expect(await health()).toMatchObject({
      status: 'ok',
      details: {
        sessions: { status: 'up', roundTripInMilliseconds: expect.any(Number), connection: 'connected' },
      },
    });
  });

  it('stores nothing and needs no session', async () => {
    await start();
    await health();
    expect(await server.admin.dbsize()).toBe(0);
  });

  it('is down while Redis is away, with the reason, and up again afterwards', async () => {
    await start();
    await server.kill();
    await eventually(async () => {
      const down = await health();
      expect(down.status).toBe('error');
      expect(down.details.sessions).toEqual({
        status: 'down',
        message: expect.stringMatching(
          /^The session store failed to load a session \(tried once\): .*ECONNREFUSED/,
        ),
        connection: 'connecting',
        lastError: expect.stringContaining('ECONNREFUSED'),
        lastErrorAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      });
    });
    await server.restart();
    await eventually(async () => {
      const up = await health();
      expect(up.details.sessions).toMatchObject({
        status: 'up',
        connection: 'connected',
        lastError: expect.stringContaining('ECONNREFUSED'),
      });
    });
  });

  it('answers with 503 while Redis is away', async () => {
    await start();
    await server.kill();
    expect((await app.browser().get('/health')).status).toBe(503);
  });

  it('is down in time if Redis is frozen', async () => {
    await start({ operationTimeoutInMilliseconds: 20_000 });
    server.freeze();
    expect((await health({ sessions: { timeoutInMilliseconds: 50 } })).details.sessions).toMatchObject({
      status: 'down',
      message: 'The session store failed to load a session (tried once): no answer within 50 ms',
      connection: 'connected',
    });
  });

  it('is degraded if the round trip takes longer than allowed', async () => {
    await start();
    expect((await health({ sessions: { degradedAboveInMilliseconds: 0 } })).details.sessions).toMatchObject({
      status: SLOW,
      slow: true,
    });
    const { details } = await health({ sessions: { degradedAboveInMilliseconds: 60_000 } });
    expect(details.sessions.status).toBe('up');
    expect(details.sessions).not.toHaveProperty('slow');
  });

  it('names the last error of an operation, while the connection is fine', async () => {
    await start();
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    await server.admin.config('SET', 'maxmemory', '1');
    expect((await browser.post('/session', { item: 'mate' })).status).toBe(503);
    expect((await health()).details.sessions).toMatchObject({
      status: 'up',
      connection: 'connected',
      lastError: expect.stringContaining('OOM'),
    });
  });

  it('is checked for each registration by its name', async () => {
    const elsewhere = await RedisServer.start();
    await start(
      {},
      { port: elsewhere.port, applicationName: uniqueName('admin'), cookie: { name: 'admin' } },
    );
    await elsewhere.kill();
    const { details } = await health({ sessions: {}, admin: { registration: 'admin' } });
    expect([details.sessions.status, details.admin.status]).toEqual(['up', 'down']);
    expect((await app.browser().get('/health')).status).toBe(503);
    app.app.get(Checks).checks = { shop: { registration: 'shop' } };
    expect((await app.browser().get('/health')).status).toBe(500);
    await elsewhere.stop();
  });

  it('of a store in memory has no connection', async () => {
    await start({ store: 'memory' });
    expect((await health()).details.sessions).toEqual({
      status: 'up',
      roundTripInMilliseconds: expect.any(Number),
    });
  });

  it('shows nothing of the error of a store of your own', async () => {
    const store = new InMemorySessionStore();
    store.load = () => Promise.reject(new Error('password hunter2 is wrong'));
    await start({ store });
    expect((await health()).details.sessions).toEqual({
      status: 'down',
      message: 'The session store failed.',
    });
  });

  it.each([0, -1, Number.NaN, Infinity])(
    'cannot be asked for within %s ms',
    async (timeoutInMilliseconds) => {
      await start({ store: 'memory' });
      const indicator = app.app.get(RedisSessionHealthIndicator);
      await expect(indicator.isHealthy('sessions', { timeoutInMilliseconds })).rejects.toMatchObject({
        code: 'SESSION_USAGE',
        message: expect.stringContaining(`timeoutInMilliseconds of isHealthy() is ${timeoutInMilliseconds};`),
      });
    },
  );

  it('asks the store once for all checks that come meanwhile', async () => {
    const store = new InMemorySessionStore();
    const answered = deferred();
    let asked = 0;
    store.load = async () => {
      asked++;
      await answered.promise;
      return undefined;
    };
    await start({ store });
    const indicator = app.app.get(RedisSessionHealthIndicator);
    const check = (timeoutInMilliseconds: number) =>
      indicator.isHealthy('sessions', { timeoutInMilliseconds });
    const checks = Array.from({ length: 20 }, () => check(15_000));
    expect((await check(20)).sessions.status).toBe('down');
    answered.resolve();
    for (const { sessions } of await Promise.all(checks)) expect(sessions.status).toBe('up');
    expect(asked).toBe(1);
    await health();
    expect(asked).toBe(2);
  });
});
