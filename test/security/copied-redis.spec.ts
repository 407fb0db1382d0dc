import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { CounterController } from '../readme/exclusive.js';
import { RedisServer } from '../support/redis-server.js';
import { dump } from './redis-dump.js';

describe.each(platforms)('someone who has a copy of Redis, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(() => app.close());
  afterAll(() => server.stop());

  it.each([
    ['without encryption', undefined],
    ['with encryption', { keys: [randomBytes(32)] }],
  ])('opens no session with any text in it, %s', async (_how, encryption) => {
    app = await startApp(platform, {
      controllers: [ShopController, CounterController],
      // With retries, writes leave receipts.
      options: { store: 'redis', port: server.port, retryTimeoutInMilliseconds: 500, encryption },
    });
    const browsers = [app.browser(), app.browser()];
    for (const browser of browsers) {
      await browser.post('/session', { user: 'ada', idleTimeoutInSeconds: 1800 });
      await browser.post('/login', { user: 'grace' });
      await browser.post('/visits');
    }
    const everything = await dump(server.admin);
    const ids = browsers.map((browser) => browser.cookie('sid')!.split('.')[0]!);
    const secrets = browsers.map((browser) => browser.cookie('sid')!.split('.')[1]!);
    for (const id of ids) expect(everything).toContain(id);
    for (const secret of secrets) expect(everything).not.toContain(secret);

    const texts = new Set(everything.match(/[\w-]{16,}/g));
    expect(texts.size).toBeGreaterThan(6);
    const tried = [...texts].flatMap((text) => [text, ...ids.map((id) => `${id}.${text}`)]);
    const thief = app.browser();
    for (const credential of tried) {
      const answer = await thief.get('/session', { headers: { cookie: `sid=${credential}` } });
      expect([credential, answer.json()]).toEqual([credential, expect.objectContaining({ isNew: true })]);
    }
    const { attributes } = (await browsers[0]!.get('/session')).json() as { attributes: object };
    expect(attributes).toMatchObject({ user: 'grace' });
  });
});
