import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import {
  expressSession,
  RedisSessionModule,
  Session,
  SessionState,
  type RedisSessionModuleOptions,
} from 'nestjs-redis-session';
import { structuredSerializer } from 'nestjs-redis-session/structured';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { platforms, startNest, type NestApp } from './nest-app.js';
import { OldShop } from './old-shop.js';

interface Shop {
  cart: { sku: string }[];
  stock: Map<string, Date>;
  name: string;
}

@Controller()
class ShopController {
  @Post('cart')
  add(@Session() session: Session<Shop>): number {
    return (session.cart ??= []).push({ sku: 'tea' });
  }

  @Get('cart')
  cart(@Session('cart') cart: Shop['cart'] | undefined): unknown {
    return { items: cart?.length ?? 0 };
  }

  @Post('stock')
  put(@Session() session: Session<Shop>): number {
    return (session.stock ??= new Map()).set(`tea ${session.stock.size}`, new Date(0)).size;
  }

  @Get('stock')
  stock(@Session('stock') stock: Shop['stock'] | undefined): unknown {
    return [...(stock ?? [])].map(([sku, at]) => [sku, at.getTime()]);
  }

  @Post('look')
  @SessionState('read-only')
  look(@Session() session: Session<Shop>): void {
    session.stock!.set('SECRET', new Date(1));
  }

  @Get('name')
  name(@Session() session: Session<Shop>): unknown {
    return { name: session.name };
  }
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const structured = { serializer: structuredSerializer() };
const encryption = { keys: [randomBytes(32).toString('base64')] };

describe.each(platforms)('two applications with different serializers on one Redis, on %s', (platform) => {
  const apps: NestApp[] = [];
  let applicationName: string;
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

  async function start(options: RedisSessionModuleOptions): Promise<NestApp> {
    const module = RedisSessionModule.forRoot({
      connectionString: redis.url,
      applicationName,
      ...options,
    });
    const app = await startNest(platform, { imports: [module], controllers: [ShopController] });
    apps.push(app);
    return app;
  }

  /** One visitor at two applications. */
  async function visitorOf(before: RedisSessionModuleOptions, after: RedisSessionModuleOptions) {
    applicationName = uniqueName('serializers');
    const [old, next] = [await start(before), await start(after)].map((app) => app.browser()) as [
      Browser,
      Browser,
    ];
    const login = async () => {
      await old.post('/cart');
      next.setCookie('sid', old.cookie('sid')!);
    };
    return { old, next, login };
  }

  it.each([
    ['in plain text', {}],
    ['encrypted', { encryption }],
  ])('both change the same JSON during a deployment and after it was undone, %s', async (_, options) => {
    const { old, next, login } = await visitorOf(options, { ...options, ...structured });
    await login();
    expect((await next.post('/cart')).status).toBe(201);
    expect((await old.post('/cart')).status).toBe(201);
    expect((await next.get('/cart')).json()).toEqual({ items: 3 });
    expect((await old.get('/cart')).json()).toEqual({ items: 3 });
  });

  it.each([
    ['in plain text', {}],
    ['encrypted', { encryption }],
  ])('the old one refuses only what it cannot read, and keeps it, %s', async (_, options) => {
    const { old, next, login } = await visitorOf(options, { ...options, ...structured });
    await login();
    await next.post('/stock');
    expect((await old.get('/stock')).status).toBe(500);
    expect((await old.post('/stock')).status).toBe(500);
    expect((await old.post('/cart')).status).toBe(201);
    await next.post('/stock');
    expect((await next.get('/stock')).json()).toEqual([
      ['tea 0', 0],
      ['tea 1', 0],
    ]);
    expect((await next.get('/cart')).json()).toEqual({ items: 2 });
  });

  it('the old one goes without it if it drops what it cannot read', async () => {
    const { old, next, login } = await visitorOf({ unreadableAttribute: 'drop' }, structured);
    await login();
    await next.post('/stock');
    expect((await old.get('/stock')).json()).toEqual([]);
    expect((await old.get('/cart')).json()).toEqual({ items: 1 });
  });

  it('stores nothing of a Map that a read-only route tried to change', async () => {
    const { next, login } = await visitorOf({}, structured);
    await login();
    await next.post('/stock');
    expect((await next.post('/look')).status).toBe(500);
    expect((await next.get('/stock')).json()).toEqual([['tea 0', 0]]);
  });

  it('migrates the sessions of express-session', async () => {
    applicationName = uniqueName('serializers');
    const prefix = `${uniqueName('sess')}:`;
    const shop = await OldShop.start(redis.url, { prefix });
    const migrateFrom = expressSession({ secret: 'keyboard cat', prefix });
    const visitor = (await start({ migrateFrom, ...structured })).browser();
    visitor.setCookie('connect.sid', await shop.visit({ name: 'ada', cart: [{ sku: 'tea' }] }));
    await shop.close();
    expect((await visitor.get('/name')).json()).toEqual({ name: 'ada' });
    await visitor.post('/stock');
    expect((await visitor.get('/stock')).json()).toEqual([['tea 0', 0]]);
    expect((await visitor.get('/cart')).json()).toEqual({ items: 1 });
  });
});
