import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { RedisSessionModuleOptions } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { ShopController } from './shop.controller.js';

const ignore = () => undefined;

describe.each(platforms)('a cookie that never comes back, on %s', (platform) => {
  const { NODE_ENV } = process.env;
  let app: HttpApp;
  let warnings: string[];
  beforeEach(() => {
    warnings = [];
  });
  afterEach(async () => {
    process.env.NODE_ENV = NODE_ENV;
    Logger.overrideLogger(false);
    await app.close();
  });

  async function start(options: RedisSessionModuleOptions = {}, trustProxy = false): Promise<void> {
    app = await startApp(platform, { controllers: [ShopController], options, trustProxy });
    Logger.overrideLogger({
      log: ignore,
      error: ignore,
      warn: (message: string) => void warnings.push(message),
    });
  }

  /** Each visit is that of a visitor without cookies. */
  async function newSessions(count: number, headers: Record<string, string> = {}): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { setCookies } = await app.browser().post('/session', { item: 'tea' }, { headers });
      expect(setCookies).toHaveLength(1);
    }
  }

  describe('in production mode, over plain HTTP', () => {
    beforeEach(() => {
      process.env.NODE_ENV = 'production';
    });

    it('is reported with the second session, once, with the route and the remedies', async () => {
      await start();
      await newSessions(1);
      expect(warnings).toEqual([]);
      await newSessions(30);
      expect(warnings).toEqual([expect.stringContaining('"__Host-sid"')]);
      expect(warnings[0]).toMatch(/^POST \/session: .*plain HTTP.*HTTPS.*REDIS_SESSION_COOKIE_SECURE=false/);
    });

    it('is not reported once a client has sent any cookie of this name back', async () => {
      await start();
      await newSessions(1);
      const { setCookies } = await app.browser().post('/session', { item: 'tea' });
      warnings = [];
      await app.close();
      await start();
      await newSessions(1);
      const cookie = `__Host-sid=${setCookies[0]!.value}`;
      await app.browser().get('/session', { headers: { cookie } });
      await newSessions(30);
      expect(warnings).toEqual([]);
    });

    it('is not reported for visitors of different addresses', async () => {
      await start({}, true);
      for (let i = 0; i < 30; i++) await newSessions(1, { 'x-forwarded-for': `10.0.0.${i}` });
      expect(warnings).toEqual([]);
    });

    it('needs more evidence if a proxy says that it ended TLS, trusted or not', async () => {
      for (const trustProxy of [true, false]) {
        await start({}, trustProxy);
        await newSessions(19, { 'x-forwarded-proto': 'https' });
        expect(warnings).toEqual([]);
        await newSessions(2, { 'x-forwarded-proto': 'https' });
        expect(warnings).toEqual([expect.stringContaining('20 sessions in a row')]);
        warnings = [];
        if (trustProxy) await app.close();
      }
    });
  });

  describe('in development', () => {
    it('is reported after 20 sessions in a row for one address', async () => {
      await start();
      await newSessions(19);
      expect(warnings).toEqual([]);
      await newSessions(5);
      expect(warnings).toEqual([expect.stringMatching(/20 sessions in a row.*cookie "sid".*credentials/)]);
    });

    it('names the header, if the credential is in a header', async () => {
      await start({ header: { name: 'X-Session' } });
      for (let i = 0; i < 20; i++) await app.browser().post('/session', { item: 'tea' });
      expect(warnings).toEqual([expect.stringMatching(/header "x-session".*exposedHeaders/)]);
    });

    it('is not reported for visitors who send it back', async () => {
      await start();
      for (let i = 0; i < 30; i++) {
        const visitor = app.browser();
        await visitor.post('/session', { item: 'tea' });
        await visitor.get('/session');
      }
      expect(warnings).toEqual([]);
    });
  });

  describe('behind a proxy that ends TLS', () => {
    const headers = { 'x-forwarded-proto': 'https' };

    it('which the framework does not trust, the first cookie without Secure is reported', async () => {
      await start({ cookie: { secure: 'auto' } });
      await newSessions(3, headers);
      expect(warnings).toEqual([expect.stringMatching(/without Secure.*trust proxy.*trustProxy/)]);
    });

    it('which the framework trusts, nothing is reported', async () => {
      await start({ cookie: { secure: 'auto' } }, true);
      await newSessions(3, headers);
      expect(warnings).toEqual([]);
    });
  });
});
