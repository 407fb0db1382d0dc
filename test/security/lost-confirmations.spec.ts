import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { RequireRecentAuthentication, Session } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

let breakLine = (): void => undefined;

@Controller()
class CheckoutController {
  @Post('confirm')
  confirm(@Session() session: Session<object>): void {
    session.rotate({ authenticated: true });
    breakLine();
  }

  @Get('checkout')
  @RequireRecentAuthentication({ seconds: 300 })
  checkout(): string {
    return 'paid';
  }
}

const HOUR_MS = 3_600_000;

describe.each(platforms)('when Redis is lost while a user proves who they are, on %s', (platform) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let app: HttpApp;
  let visitor: Browser;
  let key: string;

  beforeAll(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });
  beforeEach(async () => {
    await proxy.reset();
    breakLine = () => undefined;
    app = await startApp(platform, {
      controllers: [ShopController, CheckoutController],
      options: { store: 'redis', port: proxy.port, operationTimeoutInMilliseconds: 500 },
    });
    // From now on Redis has the scripts in its cache, so the lost reply is that of a write.
    visitor = app.browser();
    await visitor.post('/session', { item: 'tea' });
    await visitor.post('/confirm');
    visitor = app.browser();
    const { id } = (await visitor.post('/session', { user: 'ada' })).json() as { id: string };
    key = `{${app.applicationName}_${id}}_Data`;
    await server.admin.hset(key, ':authenticated', Date.now() - HOUR_MS);
  });
  afterEach(() => app.close());

  const times = () => server.admin.hmget(key, ':authenticated', ':restarted');

  async function confirmAndReturn(): Promise<number> {
    const answer = await visitor.post('/confirm');
    expect([answer.status, answer.setCookies.length]).toEqual([503, 1]);
    await proxy.reset();
    proxy.cut();
    let status = 0;
    await eventually(async () => {
      ({ status } = await visitor.get('/checkout'));
      expect(status).not.toBe(503);
    });
    return status;
  }

  it('lets them pass with the new cookie if only the reply was lost, and notes the time once', async () => {
    breakLine = () => proxy.delay(600_000, 'toClient');
    const before = await times();
    expect(await confirmAndReturn()).toBe(200);
    const [authenticated, restarted] = await times();
    expect(authenticated).not.toBe(before[0]);
    expect(restarted).toBe(authenticated);
    await visitor.post('/session', { item: 'tea' });
    expect(await times()).toEqual([authenticated, restarted]);
  });

  it('asks them again if the write was lost: only the rotation is made up for', async () => {
    breakLine = () => proxy.blackhole();
    const before = await times();
    expect(await confirmAndReturn()).toBe(401);
    expect(await times()).toEqual(before);
    expect((await visitor.get('/session')).json()).toMatchObject({ attributes: { user: 'ada' } });
    breakLine = () => undefined;
    expect((await visitor.post('/confirm')).status).toBe(201);
    expect((await visitor.get('/checkout')).status).toBe(200);
  });
});
