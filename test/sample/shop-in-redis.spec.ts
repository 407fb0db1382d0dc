import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { platforms } from '../http/http-app.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { openShop } from './shop-app.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

describe.each(platforms)('what the shop on %s stores in Redis', (platform) => {
  let environment: Record<string, string>;
  let applicationName: string;

  beforeEach(() => {
    applicationName = uniqueName('shop');
    environment = {
      REDIS_SESSION_HOST: redis.host,
      REDIS_SESSION_PORT: String(redis.port),
      REDIS_SESSION_APPLICATION_NAME: applicationName,
    };
  });

  /** Visits a shop that starts and stops for this visit. Returns the cookie after the visit. */
  async function visit(scene: (visitor: Browser) => Promise<unknown>, cookie?: string): Promise<string> {
    const shop = await openShop(platform, environment);
    try {
      const visitor = shop.browser();
      if (cookie !== undefined) visitor.setCookie('sid', cookie);
      await scene(visitor);
      return visitor.cookie('sid') ?? '';
    } finally {
      await shop.close();
    }
  }

  const shopping = () =>
    visit(async (visitor) => {
      await visitor.post('/visits');
      await visitor.post('/login', { user: 'Ada' });
      await visitor.post('/cart', { sku: 'sencha', quantity: 2 });
    });

  it('is the cart and the login, which survive a restart of the application', async () => {
    const cookie = await shopping();
    await visit(async (visitor) => {
      expect((await visitor.get('/me')).json()).toEqual({ user: 'Ada' });
      expect((await visitor.get('/cart')).json()).toEqual([{ sku: 'sencha', quantity: 2 }]);
      expect((await visitor.post('/visits')).json()).toEqual({ visits: 2 });
    }, cookie);
  });

  it('is exactly one key, {<applicationName>_<id>}_Data, with one field for each attribute', async () => {
    const [id] = (await shopping()).split('.');
    const keys = await redis.admin.keys(`*${applicationName}*`);
    expect(keys).toEqual([`{${applicationName}_${id}}_Data`]);
    expect(await redis.admin.hgetall(keys[0]!)).toEqual({
      ':secret': expect.stringMatching(/^[\w-]{43}$/),
      ':created': expect.stringMatching(/^\d{13}$/),
      ':authenticated': expect.stringMatching(/^\d{13}$/),
      ':restarted': expect.stringMatching(/^\d{13}$/),
      visits: '1',
      visitor: '"Ada"',
      cart: '[{"sku":"sencha","quantity":2}]',
    });
  });

  it('does not contain the secret of the cookie', async () => {
    const cookie = await shopping();
    expect(cookie).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
    const secret = cookie.split('.')[1]!;
    const everything = await dump(redis.admin);
    expect(everything).toContain('sencha');
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
  });

  it('is nothing after the logout', async () => {
    const cookie = await shopping();
    expect(await visit((visitor) => visitor.post('/logout'), cookie)).toBe('');
    expect(await redis.admin.keys(`*${applicationName}*`)).toEqual([]);
  });
});

/** All keys of the server with their values, as one string. */
async function dump(client: Redis): Promise<string> {
  const keys = await client.keys('*');
  const contents = await Promise.all(
    keys.map(async (key) => {
      const type = await client.type(key);
      if (type === 'hash') return client.hgetall(key);
      if (type === 'string') return client.get(key);
      throw new Error(`A key of type ${type}: ${key}`);
    }),
  );
  return JSON.stringify([keys, contents]);
}
