import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Post } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { ShopController } from './shop.controller.js';

const HOUR_MS = 3_600_000;

@Controller()
class ConfirmController {
  @Post('confirm')
  confirm(@Session() session: Session<object>): void {
    session.rotate({ authenticated: true });
  }
}

let server: RedisServer;
let app: HttpApp;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(() => app.close());
afterAll(() => server.stop());

describe.each(platforms)('an application with timeouts: nist-aal2, on %s', (platform) => {
  async function start() {
    app = await startApp(platform, {
      controllers: [ShopController, ConfirmController],
      options: { store: 'redis', port: server.port, timeouts: 'nist-aal2' },
    });
    const browser = app.browser();
    const { id } = (await browser.post('/session', { item: 'tea' })).json() as { id: string };
    const key = `{${app.applicationName}_${id}}_Data`;
    return { browser, key, stored: () => server.admin.hgetall(key), left: () => server.admin.pttl(key) };
  }

  it('ends a session an hour after its last request and a day after its beginning', async () => {
    const { stored, left } = await start();
    const { ':created': created, ':expires': expires } = await stored();
    expect(Number(expires) - Number(created)).toBe(24 * HOUR_MS);
    expect(await left()).toBeLessThanOrEqual(HOUR_MS);
    expect(await left()).toBeGreaterThan(HOUR_MS / 2);
  });

  it('gives no session an idle timeout of more than an hour', async () => {
    const { browser, left } = await start();
    expect((await browser.post('/session', { idleTimeoutInSeconds: 3601 })).status).toBe(500);
    expect((await browser.post('/session', { idleTimeoutInSeconds: 60 })).status).toBe(201);
    expect(await left()).toBeLessThanOrEqual(60_000);
  });

  it('starts both timeouts again when the user has authenticated again', async () => {
    const { browser, key, stored, left } = await start();
    const began = Date.now() - 23 * HOUR_MS;
    await server.admin.hset(key, ':created', began, ':expires', began + 24 * HOUR_MS);
    await server.admin.pexpire(key, 60_000);
    expect((await browser.post('/confirm')).setCookies).toHaveLength(1);
    const { ':authenticated': at, ':expires': expires } = await stored();
    expect(Number(expires) - Number(at)).toBe(24 * HOUR_MS);
    expect(await left()).toBeGreaterThan(HOUR_MS / 2);
    expect(await left()).toBeLessThanOrEqual(HOUR_MS);
  });
});
