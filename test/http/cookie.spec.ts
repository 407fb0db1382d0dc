import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Res } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { type Shop, ShopController } from './shop.controller.js';

type AnyResponse = ServerResponse & { raw?: ServerResponse };

const raw = (response: AnyResponse): ServerResponse => response.raw ?? response;

@Controller('cookies')
class CookiesController {
  @Get('framework')
  framework(@Session() session: Session<Shop>, @Res({ passthrough: true }) response: AnyHeaders): string {
    session.item = 'tea';
    response.header('set-cookie', ['theme=dark; Path=/', 'lang=en']);
    return 'ok';
  }

  @Get('raw')
  raw(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'tea';
    raw(response).setHeader('set-cookie', ['theme=dark; Path=/', 'lang=en']);
    raw(response).end();
  }

  @Get('write-head-object')
  object(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'tea';
    raw(response).writeHead(200, { 'Set-Cookie': ['theme=dark; Path=/', 'lang=en'], 'x-other': 'kept' });
    raw(response).end();
  }

  @Get('write-head-array')
  array(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'tea';
    const headers = ['Set-Cookie', 'theme=dark; Path=/', 'x-other', 'kept', 'Set-Cookie', 'lang=en'];
    raw(response).writeHead(200, headers);
    raw(response).end();
  }

  @Get('write-head-message')
  message(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'tea';
    raw(response).setHeader('set-cookie', 'theme=dark; Path=/');
    raw(response).writeHead(200, 'Fine', { 'set-cookie': 'lang=en', 'x-other': 'kept' });
    raw(response).end();
  }

  @Get('public')
  @Header('cache-control', 'public, max-age=60')
  cached(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }
}

interface AnyHeaders {
  header(name: string, value: string[]): void;
}

describe.each(platforms)('the cookie, on %s', (platform) => {
  let app: HttpApp;
  beforeEach(async () => {
    app = await startApp(platform, { controllers: [ShopController, CookiesController] });
  });
  afterEach(() => app.close());

  it('is sent only if the credential is new, changed or cleared', async () => {
    const browser = app.browser();
    const sent = async (method: 'get' | 'post', path: string, body?: object) =>
      (await (method === 'get' ? browser.get(path) : browser.post(path, body))).setCookies.map(
        ({ value }) => value !== '',
      );
    expect(await sent('get', '/nothing')).toEqual([]);
    expect(await sent('get', '/session')).toEqual([]);
    expect(await sent('post', '/session', {})).toEqual([]);
    expect(await sent('post', '/session', { item: 'tea' })).toEqual([true]);
    expect(await sent('get', '/session')).toEqual([]);
    expect(await sent('post', '/session', { item: 'coffee' })).toEqual([]);
    expect(await sent('post', '/login', { user: 'ada' })).toEqual([true]);
    expect(await sent('get', '/session')).toEqual([]);
    expect(await sent('post', '/logout')).toEqual([false]);
    expect(await sent('get', '/session')).toEqual([]);
  });

  it('has the defaults HttpOnly, SameSite=Lax and Path=/, and no Max-Age', async () => {
    const [cookie] = (await app.browser().post('/session', { item: 'tea' })).setCookies;
    expect(cookie).toMatchObject({ name: 'sid' });
    expect(cookie!.attributes).toEqual({ path: '/', httponly: '', samesite: 'Lax' });
  });

  it.each([
    ['that the framework set', 'framework'],
    ['that were set on the raw response', 'raw'],
    ['in an object for writeHead', 'write-head-object'],
    ['in an array for writeHead', 'write-head-array'],
    ['set before and in writeHead', 'write-head-message'],
  ])('is sent together with cookies %s', async (_how, path) => {
    const { setCookies, headers } = await app.browser().get(`/cookies/${path}`);
    expect(setCookies.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'lang',
      'sid',
      'theme',
    ]);
    expect(headers['x-other']).toBe(path.startsWith('write-head') ? 'kept' : undefined);
  });

  it('makes its response private for caches', async () => {
    const browser = app.browser();
    const answers = [
      await browser.post('/session', { item: 'tea' }),
      await browser.post('/login', { user: 'ada' }),
      await browser.post('/logout'),
    ];
    expect(answers.map(({ headers }) => headers['cache-control'])).toEqual(['private', 'private', 'private']);
  });

  it('changes public to private in Cache-Control, and adds nothing if the session is not used', async () => {
    const browser = app.browser();
    const answer = await browser.get('/cookies/public');
    expect([answer.setCookies.length, answer.headers['cache-control']]).toEqual([1, 'private, max-age=60']);
    expect((await browser.get('/nothing')).headers['cache-control']).toBeUndefined();
  });

  it.each(['valid first', 'valid last'])('is the first valid one of two with its name: %s', async (order) => {
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    const valid = browser.cookie('sid')!;
    const stale = `${'A'.repeat(22)}.${'B'.repeat(43)}`;
    const cookies = order === 'valid first' ? [valid, stale] : [stale, 'rubbish', valid];
    const headers = { cookie: cookies.map((value) => `sid=${value}`).join('; ') };
    expect((await app.browser().get('/session', { headers })).json().attributes).toEqual({ item: 'tea' });
  });

  it('is found among others with similar names', async () => {
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    const valid = browser.cookie('sid')!;
    const cookie = `xsid=1; sid2=2; a="sid=3";sid=${valid};b=sid`;
    expect((await app.browser().get('/session', { headers: { cookie } })).json().attributes).toEqual({
      item: 'tea',
    });
    const other = await app
      .browser()
      .get('/session', { headers: { cookie: `xsid=${valid}; sid2=${valid}` } });
    expect(other.json().attributes).toEqual({});
  });
});

describe.each(platforms)('a persistent cookie, on %s', (platform) => {
  let app: HttpApp;
  beforeEach(async () => {
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { cookie: { persistent: true }, idleTimeoutInSeconds: 600 },
    });
  });
  afterEach(() => app.close());

  it('is sent again with every answer while it slides, with Max-Age', async () => {
    const browser = app.browser();
    const answers = [
      await browser.post('/session', { item: 'tea' }),
      await browser.get('/session'),
      await browser.get('/nothing'),
      await browser.get('/not-found'),
    ];
    const [first] = answers[0]!.setCookies;
    for (const { setCookies } of answers) {
      expect(setCookies).toEqual([first]);
      expect(setCookies[0]!.attributes).toMatchObject({ 'max-age': '600' });
    }
  });

  it("has the session's own idle timeout for Max-Age", async () => {
    const browser = app.browser();
    await browser.post('/session', { item: 'tea', idleTimeoutInSeconds: 5000 });
    expect((await browser.get('/session')).setCookies[0]!.attributes).toMatchObject({ 'max-age': '5000' });
  });

  it('is not sent to a visitor without a session or after logout', async () => {
    const browser = app.browser();
    expect((await browser.get('/session')).setCookies).toEqual([]);
    await browser.post('/session', { item: 'tea' });
    await browser.post('/logout');
    expect((await browser.get('/session')).setCookies).toEqual([]);
  });
});
