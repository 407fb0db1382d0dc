import { afterEach, describe, expect, it } from '@jest/globals';
import type { BrowserResponse } from '../support/http-browser.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { ShopController } from './shop.controller.js';

const CREDENTIAL = /^[\w-]{22}\.[\w-]{43}$/;

describe.each(platforms)('the credential in a header, on %s', (platform) => {
  let app: HttpApp;
  afterEach(() => app.close());

  async function start(header: { name: string; scheme?: string }) {
    app = await startApp(platform, { controllers: [ShopController], options: { header } });
    return (method: 'GET' | 'POST', path: string, value?: string, json?: unknown): Promise<BrowserResponse> =>
      app
        .browser()
        .request(method, path, { json, headers: value === undefined ? {} : { [header.name]: value } });
  }

  it('is sent as Authorization: Bearer, and no cookie is set', async () => {
    const send = await start({ name: 'Authorization' });
    const { headers, setCookies } = await send('POST', '/session', undefined, { item: 'tea' });
    const [scheme, credential] = (headers.authorization as string).split(' ');
    expect([scheme, credential]).toEqual(['Bearer', expect.stringMatching(CREDENTIAL)]);
    expect(setCookies).toEqual([]);
    expect(headers['cache-control']).toBe('private');
    const answer = await send('GET', '/session', `Bearer ${credential}`);
    expect(answer.json().attributes).toEqual({ item: 'tea' });
    expect(answer.headers.authorization).toBeUndefined();
  });

  it('is found with a scheme in any case', async () => {
    const send = await start({ name: 'authorization' });
    const { headers } = await send('POST', '/session', undefined, { item: 'tea' });
    const credential = (headers.authorization as string).slice('Bearer '.length);
    expect((await send('GET', '/session', `bearer ${credential}`)).json().attributes).toEqual({
      item: 'tea',
    });
  });

  it('is sent in a custom header', async () => {
    const send = await start({ name: 'X-Session' });
    const { headers } = await send('POST', '/session', undefined, { item: 'tea' });
    expect(headers['x-session']).toMatch(CREDENTIAL);
    const answer = await send('GET', '/session', headers['x-session'] as string);
    expect(answer.json().attributes).toEqual({ item: 'tea' });
  });

  it('is replaced by the response to a rotation, and cleared by the response that ends the session', async () => {
    const send = await start({ name: 'X-Session' });
    const first = (await send('POST', '/session', undefined, { item: 'tea' })).headers['x-session'] as string;
    const second = (await send('POST', '/login', first, { user: 'ada' })).headers['x-session'] as string;
    expect(second).toMatch(CREDENTIAL);
    expect((await send('GET', '/session', first)).json().attributes).toEqual({});
    expect((await send('GET', '/session', second)).json().attributes).toEqual({ item: 'tea', user: 'ada' });
    expect((await send('POST', '/logout', second)).headers['x-session']).toBe('');
    expect((await send('GET', '/session', second)).json().attributes).toEqual({});
  });

  it('is not read from the cookie, with another scheme or without a scheme', async () => {
    const send = await start({ name: 'authorization' });
    const { headers } = await send('POST', '/session', undefined, { item: 'tea' });
    const credential = (headers.authorization as string).slice('Bearer '.length);
    for (const value of [credential, `Basic ${credential}`, `Bearer${credential}`, 'Bearer ', 'Bearer']) {
      expect((await send('GET', '/session', value)).json().attributes).toEqual({});
    }
    const browser = app.browser();
    browser.setCookie('sid', credential);
    expect((await browser.get('/session')).json().attributes).toEqual({});
  });
});
