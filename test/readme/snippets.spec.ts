import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type DynamicModule, type Type, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import type { SessionSerializer } from 'nestjs-redis-session';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { MODULE_OPTIONS_TOKEN } from '../../lib/redis-session.module-definition.js';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { CheckoutController } from './checkout.js';
import { CounterController } from './exclusive.js';
import { forApiClients } from './api-clients.js';
import { connections } from './connections.js';
import { AppModule as FromEnvironment } from './environment-only.js';
import { AppModule as FromConfig } from './environment.js';
import { AccountController } from './guard.js';
import { testedApplication, withOtherOptions, withoutTheModule } from './in-memory.js';
import { OrderJob } from './job.js';
import { ItemController } from './dto.js';
import { limited } from './limits.js';
import { LoginController } from './login.js';
import { ShopController as OutageController, survivesOutages } from './outage.js';
import { AppModule as WithOwnClient } from './own-client.js';
import { AppModule as QuickStart } from './quick-start.js';
import { AppModule as WithSchema } from './schema.js';
import { AppModule as Structured } from './structured.js';
import { CartController } from './states.js';
import { asNistAsks } from './timeouts.js';
import { ShopController } from '../http/shop.controller.js';

/** The options that a snippet passes to forRoot(). */
function given(module: DynamicModule): Record<string, unknown> {
  const provider = module.providers?.find(
    (candidate) => 'provide' in candidate && candidate.provide === MODULE_OPTIONS_TOKEN,
  );
  return (provider as { useValue: Record<string, unknown> }).useValue;
}

async function listening(module: Type): Promise<{ browser: Browser; close: () => Promise<void> }> {
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return { browser: new Browser(await app.getUrl()), close: () => app.close() };
}

describe('the applications of the README, on a real Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterEach(() => {
    delete process.env['REDIS_SESSION_PORT'];
    delete process.env['REDIS_URL'];
  });
  afterAll(() => redis.stop());

  it('quick start: replies as the README shows', async () => {
    process.env['REDIS_SESSION_PORT'] = String(redis.port);
    const { browser, close } = await listening(QuickStart);
    const first = await browser.post('/visits');
    expect(first.json()).toEqual({ visits: 1 });
    expect(first.setCookies.map(({ raw }) => raw)).toEqual([
      expect.stringMatching(/^sid=[\w-]{22}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect((await browser.post('/visits')).json()).toEqual({ visits: 2 });
    const [id] = browser.cookie('sid')!.split('.');
    expect(await redis.admin.keys('*')).toEqual([`{shop_${id}}_Data`]);
    expect(await redis.admin.hget(`{shop_${id}}_Data`, 'visits')).toBe('2');
    await close();
  });

  it.each([
    ['the environment', FromEnvironment, 'REDIS_SESSION_PORT', () => String(redis.port)],
    ['the environment, through @nestjs/config', FromConfig, 'REDIS_SESSION_PORT', () => String(redis.port)],
    ['a client of its own', WithOwnClient, 'REDIS_URL', () => redis.url],
  ])(
    'an application with %s connects, and disconnects when it closes',
    async (_, module, variable, value) => {
      process.env[variable] = value();
      const { close } = await listening(module);
      expect(await clientsOf(redis.admin)).toBe(1);
      await close();
      await eventually(async () => (await clientsOf(redis.admin)) === 0);
    },
  );
});

/** The number of other connections. */
async function clientsOf(admin: Redis): Promise<number> {
  return Number(/^connected_clients:(\d+)/m.exec(await admin.info('clients'))?.[1]) - 1;
}

describe.each(platforms)('the routes of the README, on %s', (platform) => {
  let app: HttpApp;
  afterEach(() => app.close());

  it('log in and out, remember me, and the guard', async () => {
    app = await startApp(platform, { controllers: [LoginController, AccountController] });
    const browser = app.browser();
    expect((await browser.get('/account')).status).toBe(403);
    expect((await browser.post('/login', { name: 'Ada', password: 'wrong' })).status).toBe(401);
    await browser.post('/login', { name: 'Ada', password: 'open sesame' });
    expect((await browser.get('/account')).json()).toEqual({ visitor: 'Ada' });
    await browser.post('/remember-me');
    const [id] = browser.cookie('sid')!.split('.');
    expect((await app.sessions.find(id!))?.idleTimeoutInSeconds).toBe(30 * 24 * 3600);
    await browser.post('/logout');
    expect((await browser.get('/me')).json()).toEqual({ visitor: 'nobody' });
  });

  it('ask for the password again', async () => {
    app = await startApp(platform, { controllers: [ShopController, CheckoutController] });
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    expect((await browser.post('/checkout')).status).toBe(401);
    expect((await browser.post('/confirm', { password: 'open sesame' })).status).toBe(401);
    await browser.post('/login', { user: 'ada' });
    expect((await browser.post('/checkout')).json()).toEqual({ paid: true });
    const wrong = await browser.post('/confirm', { password: 'wrong' });
    expect([wrong.status, wrong.setCookies]).toEqual([401, []]);
    expect((await browser.post('/confirm', { password: 'open sesame' })).setCookies).toHaveLength(1);
    expect((await browser.post('/checkout')).json()).toEqual({ paid: true });
  });

  it('run one after the other, so that no visit is lost', async () => {
    app = await startApp(platform, { controllers: [CounterController] });
    const browser = app.browser();
    await browser.post('/visits');
    await Promise.all(Array.from({ length: 20 }, () => browser.post('/visits')));
    expect((await browser.post('/visits')).json()).toEqual({ visits: 22 });
  });

  it('apply the state of the session', async () => {
    app = await startApp(platform, { controllers: [CartController] });
    const browser = app.browser();
    expect((await browser.get('/cart')).json()).toEqual([]);
    expect((await browser.get('/health')).text).toBe('ok');
    await browser.post('/cart');
    await browser.post('/cart');
    expect((await browser.get('/cart')).json()).toEqual(['tea', 'tea']);
  });

  it('store what a ValidationPipe made of a body', async () => {
    app = await startApp(platform, {
      controllers: [ItemController],
      main: (nest) => void nest.useGlobalPipes(new ValidationPipe({ transform: true })),
    });
    const browser = app.browser();
    await browser.post('/cart', { sku: 'tea', quantity: 1 });
    expect((await browser.post('/cart', { sku: 'pot', quantity: 1 })).status).toBe(201);
    const [id] = browser.cookie('sid')!.split('.');
    expect(await app.sessions.find(id!)).toMatchObject({ cart: [{ sku: 'tea' }, { sku: 'pot' }] });
  });

  it('serve clients that carry the credential in a header', async () => {
    app = await startApp(platform, { controllers: [LoginController], options: given(forApiClients()) });
    const browser = app.browser();
    const login = await browser.post('/login', { name: 'Ada', password: 'open sesame' });
    const authorization = login.headers['authorization']!;
    expect(authorization).toMatch(/^Bearer [\w-]{22}\.[\w-]{43}$/);
    expect(login.setCookies).toEqual([]);
    expect((await browser.get('/me', { headers: { authorization } })).json()).toEqual({ visitor: 'Ada' });
    expect((await browser.get('/me')).json()).toEqual({ visitor: 'nobody' });
  });

  it('survive an outage', async () => {
    const options = { ...given(survivesOutages()), store: 'redis' as const, port: await freePort() };
    app = await startApp(platform, { controllers: [OutageController], options });
    const browser = app.browser();
    browser.setCookie('sid', `${'x'.repeat(22)}.${'y'.repeat(43)}`);
    const answer = await browser.get('/cart');
    expect(answer.json()).toEqual({ notice: 'Your cart is not available right now.' });
    expect(answer.setCookies).toEqual([]);
  });

  it('find the changes of a job in the session, and nothing after the job ended it', async () => {
    app = await startApp(platform, { controllers: [LoginController], providers: [OrderJob] });
    const browser = app.browser();
    await browser.post('/login', { name: 'Ada', password: 'open sesame' });
    const [id = ''] = browser.cookie('sid')!.split('.');
    const job = app.app.get(OrderJob);
    await job.sent(id);
    expect(await app.sessions.find(id)).toMatchObject({ notice: 'Your order is on its way.' });
    await job.banned(id);
    expect((await browser.get('/me')).json()).toEqual({ visitor: 'nobody' });
    await job.sent(id);
    expect(await app.sessions.find(id)).toBeUndefined();
  });
});

describe('the application that the README tests', () => {
  it('has sessions', async () => {
    const app = await testedApplication();
    const browser = new Browser(await app.getUrl());
    await browser.post('/cart');
    expect((await browser.get('/cart')).json()).toEqual(['tea']);
    await app.close();
  });

  it('needs no Redis with other options', async () => {
    const app = await withOtherOptions(QuickStart);
    await app.listen(0);
    const browser = new Browser(await app.getUrl());
    await browser.post('/visits');
    expect((await browser.post('/visits')).json()).toEqual({ visits: 2 });
    await app.close();
  });

  it('has controllers that can be made without the module', async () => {
    const module = await withoutTheModule();
    expect(module.get(CartController).show(['tea'])).toEqual(['tea']);
  });
});

describe('the connections of the README', () => {
  const authority = join(tmpdir(), `${uniqueName('authority')}.pem`);
  writeFileSync(authority, 'a certificate');
  const password = { accessKey: 'password' };

  it.each([
    ['url', connections.url(), { host: 'redis.example.com', port: 6380, ssl: true, username: 'shop' }],
    ['azure', connections.azure(), { host: 'shop.westeurope.redis.azure.net', port: 10_000, ssl: true }],
    ['tls', connections.tls(authority), { host: 'redis.internal', port: 6379, ssl: true }],
    ['sentinel', connections.sentinel(), { sentinel: { sentinels: [{ port: 26379 }, { port: 26379 }] } }],
    ['cluster', connections.cluster(), { cluster: { nodes: [{ host: 'redis-1' }, { host: 'redis-2' }] } }],
    ['timeouts of NIST', asNistAsks(), { idleTimeoutInSeconds: 3600, absoluteTimeoutInSeconds: 86_400 }],
    ['limits', limited(), { absoluteTimeoutInSeconds: 43_200, maxSessionBytes: 65_536 }],
  ])('are right: %s', (_, module, expected) => {
    expect(resolveOptions(given(module), {})).toMatchObject(expected);
  });

  it('are right: an ACL user', () => {
    expect(resolveOptions({ ...given(connections.acl()), ...password }, {})).toMatchObject({
      host: 'redis.internal',
      username: 'shop',
    });
  });
});

describe('the applications of the page on session data, on a real Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
    process.env['REDIS_SESSION_PORT'] = String(redis.port);
  });
  afterAll(async () => {
    delete process.env['REDIS_SESSION_PORT'];
    await redis.stop();
  });

  it('a schema: stores what matches', async () => {
    const { browser, close } = await listening(WithSchema);
    await browser.post('/cart');
    const { text } = await browser.post('/cart');
    expect(text).toBe('[{"sku":"tea","quantity":1},{"sku":"tea","quantity":1}]');
    await close();
  });

  it('dates, maps and bytes: has the serializer', () => {
    const [module] = Reflect.getMetadata('imports', Structured) as [DynamicModule];
    const { serializer } = given(module) as { serializer: SessionSerializer };
    expect(serializer.serialize(1n, 'n')).toBe('st1.[["BigInt","1"]]');
  });
});
