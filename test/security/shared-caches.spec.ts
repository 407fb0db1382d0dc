import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import { type RedisSessionModuleOptions, Session } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { type Shop, ShopController } from '../http/shop.controller.js';

type AnyResponse = ServerResponse & { raw?: ServerResponse };

@Controller('pages')
class PagesController {
  @Get('public')
  @Header('cache-control', 'public, max-age=60')
  public(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }

  @Get('shared')
  @Header('cache-control', 'S-MaxAge=600, max-age=60, must-revalidate')
  shared(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }

  @Get('no-store')
  @Header('cache-control', 'no-store')
  noStore(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }

  @Get('raw')
  raw(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'tea';
    const raw = response.raw ?? response;
    raw.setHeader('cache-control', 'public');
    raw.end();
  }

  @Get('write-head')
  writeHead(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'tea';
    (response.raw ?? response).writeHead(200, { 'Cache-Control': 'public, max-age=5', 'x-other': '1' }).end();
  }

  @Get('write-head-list')
  list(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'tea';
    const headers = ['x-other', '1', 'Cache-Control', 'public, max-age=5'];
    (response.raw ?? response).writeHead(200, headers).end();
  }

  @Get('read-public')
  @Header('cache-control', 'public, max-age=60')
  readPublic(@Session() session: Session<Shop>): string {
    return session.item ?? 'nothing';
  }

  @Get('late')
  late(@Req() request: { session: Session<Shop> }, @Res() response: AnyResponse): void {
    const raw = response.raw ?? response;
    raw.write('first ');
    raw.end(`then ${request.session.item}`);
  }
}

describe.each(platforms)('a shared cache in front of the application, on %s', (platform) => {
  let app: HttpApp;
  afterEach(() => app.close());

  async function start(options: RedisSessionModuleOptions = {}) {
    app = await startApp(platform, { controllers: [ShopController, PagesController], options });
    return app.browser();
  }

  it.each([
    ['public', 'private, max-age=60'],
    ['shared', 'private, max-age=60, must-revalidate'],
    ['no-store', 'no-store'],
    ['raw', 'private'],
    ['write-head', 'private, max-age=5'],
    ['write-head-list', 'private, max-age=5'],
  ])(
    'must not store a response with the cookie, whatever the application says: %s',
    async (path, expected) => {
      const { setCookies, headers } = await (await start()).get(`/pages/${path}`);
      expect([setCookies.length, headers['cache-control']]).toEqual([1, expected]);
    },
  );

  it('must not store a response with the credential in a header', async () => {
    const { headers } = await (await start({ header: { name: 'x-session' } })).get('/pages/public');
    expect(headers['x-session']).toMatch(/^.{66}$/);
    expect(headers['cache-control']).toBe('private, max-age=60');
  });

  it('must not store a response to a request that read the session, with or without one', async () => {
    const browser = await start();
    expect((await browser.get('/session')).headers['cache-control']).toBe('private');
    await browser.post('/session', { item: 'tea' });
    const answer = await browser.get('/session');
    expect([answer.setCookies, answer.headers['cache-control']]).toEqual([[], 'private']);
  });

  it('can store a response that had started before the session was read', async () => {
    const browser = await start();
    await browser.post('/session', { item: 'tea' });
    const late = await browser.get('/pages/late');
    expect([late.text, late.headers['cache-control']]).toEqual(['first then tea', undefined]);
  });

  it('can store a response that does not use the session, or that the application marks as public', async () => {
    const browser = await start();
    await browser.post('/session', { item: 'tea' });
    expect((await browser.get('/nothing')).headers['cache-control']).toBeUndefined();
    expect((await browser.get('/pages/read-public')).headers['cache-control']).toBe('public, max-age=60');
  });

  it('and the browser must not store one with sessionCacheControl no-store', async () => {
    const browser = await start({ sessionCacheControl: 'no-store' });
    const answers = [await browser.post('/session', { item: 'tea' }), await browser.get('/session')];
    expect(answers.map(({ headers }) => headers['cache-control'])).toEqual(['no-store', 'no-store']);
    expect((await browser.get('/nothing')).headers['cache-control']).toBeUndefined();
  });
});
