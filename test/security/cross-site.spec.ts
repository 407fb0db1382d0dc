import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { All, Controller, HttpCode, Logger, Post, UseGuards, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  AllowCrossSite,
  CrossSiteGuard,
  getRedisSessionOptionsToken,
  RedisSessionModule,
  type RedisSessionModuleOptions,
  Session,
} from 'nestjs-redis-session';
import { type HttpApp, type HttpAppSetup, platforms, startApp } from '../http/http-app.js';
import { type Shop, ShopController } from '../http/shop.controller.js';
import { requestBytes, rawRequest } from '../fuzz/raw-request.js';
import { createTestCertificate } from '../support/test-certificate.js';
import { Http2Client } from '../support/http2-client.js';

@Controller('transfer')
class TransferController {
  @All()
  transfer(@Session() session: Session<Shop>): string {
    session.item = 'transferred';
    return 'transferred';
  }

  @Post('callback')
  @HttpCode(200)
  @AllowCrossSite()
  callback(): string {
    return 'called back';
  }
}

@Controller('public')
@AllowCrossSite()
class PublicController {
  @Post()
  @HttpCode(200)
  form(): string {
    return 'received';
  }
}

@Controller('guarded')
class GuardedController {
  @Post()
  @HttpCode(200)
  @UseGuards(CrossSiteGuard)
  guarded(): string {
    return 'guarded';
  }

  @Post('other')
  @HttpCode(200)
  other(): string {
    return 'open';
  }
}

const globalGuard = { provide: APP_GUARD, useClass: CrossSiteGuard };
const refused = {
  statusCode: 403,
  message:
    'A page of another site sent this request, so it was refused. If the page is yours, add its origin to trustedOrigins. If any site may send it, write @AllowCrossSite() above the handler.',
};

let app: HttpApp;
let warned: jest.Spied<Logger['warn']>;
beforeEach(() => {
  warned = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await app.close();
});

describe.each(platforms)('a page of another site, on %s', (platform) => {
  async function start(options: RedisSessionModuleOptions = {}, setup: HttpAppSetup = {}) {
    const controllers = [ShopController, TransferController, PublicController];
    app = await startApp(platform, { controllers, providers: [globalGuard], options, ...setup });
    const browser = app.browser();
    await browser.post('/session', { user: 'ada' });
    const send = async (headers: Record<string, string>, path = '/transfer', method = 'POST') =>
      (await browser.request(method, path, { headers })).status;
    return { browser, send, own: app.url };
  }

  it('cannot send a form with the cookie of the visitor', async () => {
    const { browser } = await start();
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const answer = await browser.post('/transfer', undefined, { headers });
    expect([answer.status, answer.json()]).toEqual([403, refused]);
    expect((await browser.get('/session')).json()).toMatchObject({ attributes: { user: 'ada' } });
  });

  it.each([
    ['same-origin', 200],
    ['none', 200],
    ['same-site', 403],
    ['cross-site', 403],
    ['Same-Origin', 403],
    ['same-origin, cross-site', 403],
    ['', 403],
    ['other', 403],
  ])('gets the answer for Sec-Fetch-Site: %j that it deserves: %d', async (site, status) => {
    const { send, own } = await start();
    expect(await send({ 'sec-fetch-site': site })).toBe(status);
    expect(await send({ 'sec-fetch-site': site, origin: own })).toBe(status);
  });

  it.each([
    'https://evil.example',
    'null',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'http://127.0.0.1.evil.example',
    'http://evil.example#',
    '//127.0.0.1',
    'http://',
    '',
  ])('is refused by its Origin in a browser without Sec-Fetch-Site: %j', async (origin) => {
    const { send } = await start();
    expect(await send({ origin })).toBe(403);
  });

  it('is refused with parts of the own origin around its own', async () => {
    const { send, own } = await start();
    for (const origin of [
      `${own}.evil.example`,
      `${own}@evil.example`,
      `${own}, https://evil.example`,
      `${own}/`,
      own.toUpperCase(),
      own.replace('http', 'ftp'),
    ])
      // prettier-ignore
      expect([origin, await send({ origin })]).toEqual([origin, 403]);
  });

  it.each([
    ['shop.example', 'https://shop.example', 200],
    ['SHOP.example:443', 'https://shop.example', 200],
    ['shop.example.', 'https://shop.example.', 200],
    ['shop.example.', 'https://shop.example', 403],
    ['shop.example', 'https://shop.example.', 403],
    ['shop.example:8443', 'https://shop.example', 403],
    ['shop.example', 'https://www.shop.example', 403],
  ])('of the host %j and the origin %j is answered with %d', async (host, origin, status) => {
    const { send } = await start();
    expect(await send({ host, origin })).toBe(status);
  });

  it('is refused with two Origin or two Sec-Fetch-Site headers', async () => {
    const { own } = await start();
    const { port, host } = new URL(own);
    for (const twice of [
      [`origin: http://${host}`, 'origin: https://evil.example'],
      ['sec-fetch-site: same-origin', 'sec-fetch-site: cross-site'],
      ['sec-fetch-site: cross-site', 'sec-fetch-site: same-origin'],
    ]) {
      const bytes = requestBytes('POST', '/transfer', twice, '{}').replace(
        'host: 127.0.0.1',
        `host: ${host}`,
      );
      expect([twice, (await rawRequest(Number(port), bytes)).status]).toEqual([twice, 403]);
    }
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('is refused with %s', async (method) => {
    const { send } = await start();
    expect(await send({ origin: 'https://evil.example' }, '/transfer', method)).toBe(403);
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('passes with %s, which must not change anything', async (method) => {
    const { send } = await start();
    expect(await send({ origin: 'https://evil.example' }, '/transfer', method)).toBe(200);
  });

  it('is never answered by a handler with TRACE or a method that nobody knows', async () => {
    const { own } = await start();
    for (const method of ['TRACE', 'QUERY', 'FETCH']) {
      const bytes = requestBytes(method, '/transfer', ['origin: https://evil.example']);
      const { text } = await rawRequest(Number(new URL(own).port), bytes);
      expect(text).not.toContain('transferred');
    }
  });

  it('is trusted only if its origin is listed', async () => {
    const { send } = await start({ trustedOrigins: ['https://www.shop.example'] });
    const site = { 'sec-fetch-site': 'same-site' };
    expect(await send({ ...site, origin: 'https://www.shop.example' })).toBe(200);
    expect(await send({ origin: 'https://www.shop.example' })).toBe(200);
    expect(await send({ ...site, origin: 'https://evil.shop.example' })).toBe(403);
    expect(await send({ ...site, origin: 'http://www.shop.example' })).toBe(403);
    expect(await send(site)).toBe(403);
    expect(await send({ origin: app.url })).toBe(200);
  });

  it('is trusted by a function only if it returns true, and never as the origin null', async () => {
    const answers: Record<string, unknown> = { 'https://yes.example': true, 'https://later.example': Promise.resolve(true) }; // prettier-ignore
    const asked: string[] = [];
    const { send } = await start({
      trustedOrigins: (origin) => {
        asked.push(origin);
        return answers[origin] as boolean;
      },
    });
    expect(await send({ origin: 'https://yes.example' })).toBe(200);
    expect(await send({ origin: 'https://later.example' })).toBe(403);
    expect(await send({ origin: 'null', 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(asked).toEqual(['https://yes.example', 'https://later.example']);
  });

  it('is refused if the function that decides fails', async () => {
    const { send } = await start({
      trustedOrigins: () => {
        throw new Error('out of order');
      },
    });
    expect(await send({ origin: 'https://evil.example' })).toBe(500);
  });

  it('reaches handlers and controllers with @AllowCrossSite()', async () => {
    const { send } = await start();
    const headers = { origin: 'null', 'sec-fetch-site': 'cross-site' };
    expect(await send(headers, '/transfer/callback')).toBe(200);
    expect(await send(headers, '/public')).toBe(200);
    expect(await send(headers, '/transfer')).toBe(403);
  });

  it('is reported once with the remedy, in at most ten lines', async () => {
    const { send, own } = await start();
    for (let i = 0; i < 12; i++) await send({ origin: `https://evil-${i % 11}.example` });
    const lines = warned.mock.calls.map(([line]) => String(line));
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe(
      `Refused a request that a page of the origin "https://evil-0.example" sent to the host "${new URL(own).host}". If these pages are yours, add their origin to trustedOrigins of RedisSessionModule.`,
    );
  });

  it('does not hinder programs, which send neither header', async () => {
    const { send } = await start();
    expect(await send({})).toBe(200);
  });

  describe('behind a proxy', () => {
    it('that ends TLS, is told apart by the host alone if the framework does not trust the proxy', async () => {
      const { send } = await start();
      const at = { host: 'shop.example' };
      expect(await send({ ...at, origin: 'https://shop.example' })).toBe(200);
      expect(await send({ ...at, origin: 'https://evil.example' })).toBe(403);
    });

    it('that ends TLS and is trusted, cannot be a page without TLS', async () => {
      const { send } = await start({}, { trustProxy: true });
      const at = { host: 'shop.example', 'x-forwarded-proto': 'https' };
      expect(await send({ ...at, origin: 'https://shop.example' })).toBe(200);
      expect(await send({ ...at, origin: 'http://shop.example' })).toBe(403);
    });

    it('that changes the Host, is told apart by Sec-Fetch-Site, and otherwise by trustedOrigins', async () => {
      const { send } = await start({ trustedOrigins: ['https://shop.example'] }, { trustProxy: true });
      const at = { host: 'backend:3000', 'x-forwarded-host': 'evil.example' };
      expect(await send({ ...at, origin: 'https://shop.example', 'sec-fetch-site': 'same-origin' })).toBe(
        200,
      );
      expect(await send({ ...at, origin: 'https://shop.example' })).toBe(200);
      expect(await send({ ...at, origin: 'https://evil.example' })).toBe(403);
    });
  });
});

describe.each(platforms)('a guard of a handler, on %s', (platform) => {
  const evil = { headers: { origin: 'https://evil.example' } };

  it('refuses only there, and takes trustedOrigins of the module', async () => {
    app = await startApp(platform, {
      controllers: [GuardedController],
      options: { trustedOrigins: ['https://www.shop.example'] },
    });
    const browser = app.browser();
    expect((await browser.post('/guarded', undefined, evil)).status).toBe(403);
    expect((await browser.post('/guarded/other', undefined, evil)).status).toBe(200);
    const trusted = { headers: { origin: 'https://www.shop.example' } };
    expect((await browser.post('/guarded', undefined, trusted)).status).toBe(200);
  });

  it('needs no module', async () => {
    app = await startApp(platform, { controllers: [GuardedController], plain: true });
    const browser = app.browser();
    expect((await browser.post('/guarded', undefined, evil)).status).toBe(403);
    expect((await browser.post('/guarded')).status).toBe(200);
  });

  it('takes trustedOrigins of a registration with a name', async () => {
    const inject = [getRedisSessionOptionsToken('admin')];
    const trustedOrigins = ['https://admin.example'];
    app = await startApp(platform, {
      plain: true,
      imports: [RedisSessionModule.forRoot({ name: 'admin', store: 'memory', trustedOrigins })],
      controllers: [TransferController],
      providers: [
        {
          provide: APP_GUARD,
          inject,
          useFactory: (options: RedisSessionModuleOptions) => new CrossSiteGuard(options),
        },
      ],
    });
    const send = async (origin: string) =>
      (await app.browser().post('/transfer', undefined, { headers: { origin } })).status;
    expect([await send('https://admin.example'), await send('https://evil.example')]).toEqual([200, 403]);
  });
});

describe('a page that hides the method of a request', () => {
  it('is refused by the method that the router sees', async () => {
    app = await startApp('express', {
      controllers: [TransferController],
      providers: [globalGuard],
      main: (nest: INestApplication) => {
        nest.use((request: { method: string }, _response: unknown, next: () => void) => {
          request.method = 'DELETE';
          next();
        });
      },
    });
    const headers = { origin: 'https://evil.example' };
    expect((await app.browser().get('/transfer', { headers })).status).toBe(403);
  });
});

describe('a page of another site, over HTTP/2', () => {
  it('is told apart by :authority, because there is no Host', async () => {
    const certificate = createTestCertificate();
    app = await startApp('fastify', {
      controllers: [TransferController],
      providers: [globalGuard],
      fastify: { http2: true, https: certificate },
    });
    // NestJS 11 says http.
    const url = app.url.replace(/^http:/, 'https:');
    const client = new Http2Client(url, { ca: certificate.cert });
    const send = async (origin: string) =>
      (await client.request('POST', '/transfer', { headers: { origin } })).status;
    const statuses = [await send(url), await send('https://evil.example')];
    client.close();
    expect(statuses).toEqual([200, 403]);
  });
});
