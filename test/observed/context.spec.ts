import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObservedOperation, ObservedResult, SessionObserver } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';

interface Request {
  readonly url: string;
  readonly heard: string[];
}

const running = new AsyncLocalStorage<Request>();

/** Notes every operation at the request in whose context it begins and ends. */
class ByRequest implements SessionObserver {
  readonly none: string[] = [];
  begin({ operation }: ObservedOperation) {
    (running.getStore()?.heard ?? this.none).push(operation);
    return ({ outcome }: ObservedResult) => void (running.getStore()?.heard ?? this.none).push(outcome);
  }
}

describe.each(platforms)('the context in which an observer is called, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  let observer: ByRequest;
  let requests: Request[];

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    observer = new ByRequest();
    requests = [];
    const options = { store: 'redis' as const, port: server.port };
    const first = await startApp(platform, { controllers: [ShopController], options });
    const browser = first.browser();
    await browser.post('/session', { item: 'tea' });
    await first.close();
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { ...options, applicationName: first.applicationName, observers: [observer] },
    });
    // As tracing libraries do: before any middleware.
    (app.app.getHttpServer() as Server).prependListener('request', ({ url }: { url: string }) => {
      requests.push({ url, heard: [] });
      running.enterWith(requests.at(-1)!);
    });
    cookie = browser.cookie('sid')!;
  });
  afterEach(() => app.close());
  afterAll(() => server.stop());

  let cookie: string;
  const visitor = () => {
    const browser = app.browser();
    browser.setCookie('sid', cookie);
    return browser;
  };

  it('is that of the request, also if many run at once', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 === 0 ? visitor().get('/session') : visitor().post('/session', { [`a${n}`]: 1 }),
      ),
    );
    expect(requests).toHaveLength(20);
    const reads = requests.filter(({ heard }) => heard.length === 2);
    const changes = requests.filter(({ heard }) => heard.length === 4);
    expect([reads.length, changes.length]).toEqual([10, 10]);
    for (const { heard } of reads) expect(heard).toEqual(['load', 'found']);
    for (const { heard } of changes) expect(heard).toEqual(['load', 'found', 'save', 'saved']);
  });

  it('is that of no request for a touch, which is sent for all requests of a turn', async () => {
    await visitor().get('/session');
    await eventually(() => observer.none.length === 2);
    expect(observer.none).toEqual(['touch', 'touched']);
    expect(requests.map(({ heard }) => heard)).toEqual([['load', 'found']]);
  });
});
