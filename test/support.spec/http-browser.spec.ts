import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Browser } from '../support/http-browser.js';

let server: Server;
let url: string;
let browser: Browser;

/** Echoes the request. Each `?set=<cookie>` sets a cookie, and /slow never responds. */
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/slow') return;
    const { method, headers } = request;
    const cookies = searchParams.getAll('set');
    if (cookies.length > 0) response.setHeader('set-cookie', cookies);
    response.statusCode = 200;
    response.end(JSON.stringify({ method, headers, cookie: headers.cookie, body: await text(request) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  browser = new Browser(url);
});

/** Visits `path`, whose response sets these cookies. */
function receive(cookies: string[], { path = '/', by = browser } = {}) {
  return by.get(`${path}?${cookies.map((cookie) => `set=${encodeURIComponent(cookie)}`).join('&')}`);
}

async function sentTo(path: string, by = browser): Promise<string | undefined> {
  return (await by.get(path)).json().cookie;
}

describe('a request', () => {
  it('carries JSON and headers', async () => {
    const { json, status } = await browser.post('/cart', { sku: 'a' }, { headers: { 'x-test': 'yes' } });
    expect(status).toBe(200);
    expect(json()).toMatchObject({ method: 'POST', body: '{"sku":"a"}' });
    expect(json().headers).toMatchObject({ 'content-type': 'application/json', 'x-test': 'yes' });
  });

  it('can be aborted before the response', async () => {
    const leaving = new AbortController();
    const answer = browser.get('/slow', { signal: leaving.signal });
    leaving.abort();
    await expect(answer).rejects.toHaveProperty('code', 'ABORT_ERR');
  });

  it('sends https and another host if the visitor uses them', async () => {
    const { headers } = (await new Browser(url, { secure: true, host: 'shop.example' }).get('/')).json();
    expect(headers).toMatchObject({ host: 'shop.example', 'x-forwarded-proto': 'https' });
  });
});

describe('Set-Cookie', () => {
  it('is returned parsed and unparsed', async () => {
    const raw = 'sid=a=b; Path=/; Max-Age=60; HttpOnly; SameSite=Lax';
    const { setCookies } = await receive([raw, 'theme=dark']);
    expect(setCookies).toEqual([
      {
        name: 'sid',
        value: 'a=b',
        attributes: { path: '/', 'max-age': '60', httponly: '', samesite: 'Lax' },
        raw,
      },
      { name: 'theme', value: 'dark', attributes: {}, raw: 'theme=dark' },
    ]);
  });

  it('is kept and sent back', async () => {
    await receive(['sid=1; Secure; HttpOnly', 'theme=dark']);
    expect(browser.cookie('sid')).toBe('1');
    expect(await sentTo('/')).toBe('sid=1; theme=dark');
  });

  it('replaces the cookie of the same name and path', async () => {
    await receive(['sid=1; Path=/', 'sid=2; Path=/']);
    expect(await sentTo('/')).toBe('sid=2');
  });

  it.each(['Max-Age=0', 'Max-Age=-1', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'])(
    'removes with %s',
    async (past) => {
      await receive(['sid=1; Path=/']);
      await receive([`sid=; Path=/; ${past}`]);
      expect(browser.cookie('sid')).toBeUndefined();
      expect(await sentTo('/')).toBeUndefined();
    },
  );

  it('removes nothing on another path', async () => {
    await receive(['sid=1; Path=/']);
    await receive(['sid=; Path=/shop; Max-Age=0']);
    expect(browser.cookie('sid')).toBe('1');
  });

  it('prefers Max-Age to Expires', async () => {
    await receive(['sid=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT']);
    expect(browser.cookie('sid')).toBe('1');
  });

  it('is sent only under its path, longer paths first', async () => {
    await receive(['root=1; Path=/', 'shop=2; Path=/shop']);
    expect(await sentTo('/shop/cart')).toBe('shop=2; root=1');
    expect(await sentTo('/shopping')).toBe('root=1');
  });

  it('belongs to the folder of the request if it has no path', async () => {
    await receive(['sid=1'], { path: '/shop/login' });
    expect(await sentTo('/shop/cart')).toBe('sid=1');
    expect(await sentTo('/')).toBeUndefined();
  });

  it.each([
    ['__Host-sid=1; Path=/', '__Host-'],
    ['__Host-sid=1; Secure', '__Host-'],
    ['__Host-sid=1; Secure; Path=/; Domain=127.0.0.1', '__Host-'],
    ['__Secure-sid=1; Path=/', '__Secure-'],
    ['sid=1; SameSite=None', 'SameSite=None'],
    ['sid=1; Partitioned', 'Partitioned'],
    ['sid=1; Domain=shop.example', 'Domain'],
    [`sid=${'x'.repeat(4096)}`, '4096'],
  ])('is rejected: %.60s', async (raw, reason) => {
    const { setCookies } = await receive([raw]);
    expect(setCookies[0]?.rejected).toContain(reason);
    expect(await sentTo('/')).toBeUndefined();
  });

  it.each([
    '__Host-sid=1; Secure; Path=/',
    '__Secure-sid=1; Secure',
    'sid=1; SameSite=None; Secure; Partitioned',
  ])('is kept: %s', async (raw) => {
    const { setCookies } = await receive([raw]);
    expect(setCookies[0]?.rejected).toBeUndefined();
    expect(await sentTo('/')).toContain('sid=1');
  });

  it('with Secure, is kept from a real host only over https', async () => {
    const plain = new Browser(url, { host: 'shop.example' });
    const secure = new Browser(url, { host: 'shop.example', secure: true });
    expect((await receive(['sid=1; Secure'], { by: plain })).setCookies[0]?.rejected).toContain('Secure');
    await receive(['sid=1; Secure; Domain=example'], { by: secure });
    expect(await sentTo('/', secure)).toBe('sid=1');
  });
});

describe('the jar', () => {
  it('can be filled and emptied by hand', async () => {
    browser.setCookie('sid', 'forged');
    expect(await sentTo('/')).toBe('sid=forged');
    browser.clearCookies();
    expect(await sentTo('/')).toBeUndefined();
  });

  it('gives a clone an independent copy of the cookies', async () => {
    await receive(['sid=1; Path=/']);
    const other = browser.clone();
    await receive(['sid=2; Path=/'], { by: other });
    expect([browser.cookie('sid'), other.cookie('sid')]).toEqual(['1', '2']);
  });
});
