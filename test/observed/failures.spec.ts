import { afterEach, describe, expect, it } from '@jest/globals';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { RecordingObserver } from './recording.observer.js';

describe.each(platforms)('an observer while Redis fails, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  let observer: RecordingObserver;
  let browser: Browser;

  async function start(retryTimeoutInMilliseconds: number): Promise<void> {
    observer = new RecordingObserver();
    server = await RedisServer.start();
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { store: 'redis', port: server.port, observers: [observer], retryTimeoutInMilliseconds },
    });
    browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    observer.take();
  }
  afterEach(async () => {
    await app.close();
    await server.stop();
  });

  it('hears the code of the error', async () => {
    await start(0);
    await server.kill();
    expect((await browser.get('/session')).status).toBe(503);
    expect(observer.take()).toMatchObject([
      { operation: 'load', outcome: 'error', errorCode: 'SESSION_STORE_UNAVAILABLE', attempts: 1, bytes: 0 },
    ]);
  });

  it('hears how often an operation was tried, if Redis comes back in time', async () => {
    await start(15_000);
    await server.kill();
    const answer = browser.get('/session');
    await eventually(() => observer.begun.length === 1);
    await server.restart();
    expect((await answer).status).toBe(200);
    const [load] = observer.of('load');
    expect(load).toMatchObject({ outcome: 'absent', errorCode: undefined });
    expect(load!.attempts).toBeGreaterThan(1);
  });
});
