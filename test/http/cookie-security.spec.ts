import { afterEach, describe, expect, it } from '@jest/globals';
import type { RedisSessionModuleOptions } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { ShopController } from './shop.controller.js';

describe.each(platforms)('the cookie and the security of the connection, on %s', (platform) => {
  let app: HttpApp;
  const { NODE_ENV } = process.env;
  afterEach(async () => {
    process.env.NODE_ENV = NODE_ENV;
    await app.close();
  });

  async function cookieOf(
    cookie: RedisSessionModuleOptions['cookie'],
    { trustProxy, headers = {} }: { trustProxy?: boolean; headers?: Record<string, string> } = {},
  ) {
    app = await startApp(platform, { controllers: [ShopController], options: { cookie }, trustProxy });
    const { setCookies } = await app.browser().post('/session', { item: 'tea' }, { headers });
    expect(setCookies).toHaveLength(1);
    const { name, attributes } = setCookies[0]!;
    return { name, secure: 'secure' in attributes, sameSite: attributes.samesite };
  }

  const https = { 'x-forwarded-proto': 'https' };

  describe('secure: auto', () => {
    // In a list, Express reads the entry of the outermost proxy and Fastify that of the innermost one.
    it.each([
      ['https', true],
      ['http', false],
      ['https, http', platform === 'express'],
      ['http,https', platform === 'fastify'],
    ])(
      'behind a trusted proxy is what the framework reads in X-Forwarded-Proto: %s',
      async (proto, secure) => {
        const headers = { 'x-forwarded-proto': proto };
        expect(await cookieOf({ secure: 'auto' }, { trustProxy: true, headers })).toMatchObject({ secure });
      },
    );

    it('ignores the header if no proxy is trusted', async () => {
      expect(await cookieOf({ secure: 'auto' }, { trustProxy: false, headers: https })).toMatchObject({
        secure: false,
      });
    });

    it('is not secure on a plain connection', async () => {
      expect(await cookieOf({ secure: 'auto' }, { trustProxy: true })).toMatchObject({ secure: false });
    });
  });

  it('secure: true always sends the attribute, since a proxy can terminate TLS without a header', async () => {
    expect(await cookieOf({ secure: true })).toMatchObject({ secure: true });
  });

  it('secure: false never sends it', async () => {
    expect(await cookieOf({ secure: false }, { trustProxy: true, headers: https })).toMatchObject({
      secure: false,
    });
  });

  describe('sameSite: auto', () => {
    it('is None on HTTPS', async () => {
      const cookie = await cookieOf({ sameSite: 'auto' }, { trustProxy: true, headers: https });
      expect(cookie).toMatchObject({ sameSite: 'None', secure: true });
    });

    it('is Lax elsewhere', async () => {
      expect(await cookieOf({ sameSite: 'auto' })).toMatchObject({ sameSite: 'Lax', secure: false });
    });
  });

  describe('if NODE_ENV is production', () => {
    it('is Secure and its name is __Host-sid', async () => {
      process.env.NODE_ENV = 'production';
      expect(await cookieOf(undefined)).toEqual({ name: '__Host-sid', secure: true, sameSite: 'Lax' });
    });

    it('is named __Secure-sid if it has a domain or a path, and sid if secure is false', async () => {
      process.env.NODE_ENV = 'production';
      expect(await cookieOf({ domain: 'example.com' })).toMatchObject({ name: '__Secure-sid', secure: true });
      await app.close();
      expect(await cookieOf({ path: '/session' })).toMatchObject({ name: '__Secure-sid', secure: true });
      await app.close();
      expect(await cookieOf({ secure: false })).toMatchObject({ name: 'sid', secure: false });
    });
  });

  it('adds the prefix to a custom name, too', async () => {
    process.env.NODE_ENV = 'production';
    expect(await cookieOf({ name: 'admin' })).toMatchObject({ name: '__Host-admin', secure: true });
    await app.close();
    expect(await cookieOf({ name: 'admin', path: '/session' })).toMatchObject({ name: '__Secure-admin' });
  });

  it('otherwise is named sid, or __Host-sid if secure is true', async () => {
    expect(await cookieOf(undefined)).toMatchObject({ name: 'sid' });
    await app.close();
    expect(await cookieOf({ secure: true })).toMatchObject({ name: '__Host-sid' });
  });
});
