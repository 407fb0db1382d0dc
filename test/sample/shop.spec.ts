import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { platforms } from '../http/http-app.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { openShop, type Shop } from './shop-app.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const places = {
  memory: () => ({}),
  redis: () => ({
    REDIS_SESSION_CONNECTION_STRING: redis.url,
    REDIS_SESSION_APPLICATION_NAME: uniqueName('shop'),
  }),
};

describe.each(platforms)('the shop on %s', (platform) => {
  describe.each(Object.entries(places))('with its sessions in %s', (_name, variables) => {
    let shop: Shop;
    let visitor: Browser;

    beforeAll(async () => {
      shop = await openShop(platform, variables());
    });
    afterAll(() => shop.close());
    beforeEach(() => {
      visitor = shop.browser();
    });

    it('serves its page and its products without a session', async () => {
      const page = await visitor.get('/');
      expect(page.status).toBe(200);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(page.text).toContain('<title>The Tea Cupboard</title>');
      const products: { sku: string }[] = (await visitor.get('/products')).json();
      expect(products.map(({ sku }) => sku)).toEqual(['sencha', 'assam', 'rooibos', 'jasmine']);
      expect(visitor.cookie('sid')).toBeUndefined();
    });

    it('has no user before the login', async () => {
      const answer = await visitor.get('/me');
      expect(answer.status).toBe(401);
      expect(answer.setCookies).toEqual([]);
    });

    it('has the user after the login', async () => {
      expect((await visitor.post('/login', { user: 'Ada' })).json()).toEqual({ user: 'Ada' });
      expect((await visitor.get('/me')).json()).toEqual({ user: 'Ada' });
    });

    it('rotates the secret at login, keeps the cart, and rejects the old cookie', async () => {
      await visitor.post('/cart', { sku: 'sencha', quantity: 1 });
      const stolen = visitor.clone();
      const [id, secret] = visitor.cookie('sid')!.split('.');
      await visitor.post('/login', { user: 'Ada' });
      const [sameId, newSecret] = visitor.cookie('sid')!.split('.');
      expect(sameId).toBe(id);
      expect(newSecret).not.toBe(secret);
      expect((await visitor.get('/cart')).json()).toEqual([{ sku: 'sencha', quantity: 1 }]);
      expect((await stolen.get('/cart')).json()).toEqual([]);
      expect((await stolen.get('/me')).status).toBe(401);
    });

    it('stores all of 30 additions and 30 visits that arrive at once', async () => {
      await visitor.post('/cart', { sku: 'sencha', quantity: 1 });
      const answers = await thirty(() => visitor.post('/cart', { sku: 'sencha', quantity: 1 }));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      await thirty(() => visitor.post('/visits'));
      expect((await visitor.get('/cart')).json()).toEqual([{ sku: 'sencha', quantity: 31 }]);
      expect((await visitor.post('/visits')).json()).toEqual({ visits: 31 });
    });

    it('adds items to the cart and removes them', async () => {
      await visitor.post('/cart', { sku: 'sencha', quantity: 1 });
      await visitor.post('/cart', { sku: 'assam', quantity: 2 });
      const added = await visitor.post('/cart', { sku: 'sencha', quantity: 3 });
      expect(added.json()).toEqual([
        { sku: 'sencha', quantity: 4 },
        { sku: 'assam', quantity: 2 },
      ]);
      expect((await visitor.delete('/cart/sencha')).json()).toEqual([{ sku: 'assam', quantity: 2 }]);
      expect((await visitor.get('/cart')).json()).toEqual([{ sku: 'assam', quantity: 2 }]);
    });

    it('creates no session for a visitor who removes an item without a cart', async () => {
      const answer = await visitor.delete('/cart/sencha');
      expect(answer.json()).toEqual([]);
      expect(answer.setCookies).toEqual([]);
    });

    it.each([
      [{}, ['sku must be a string', 'quantity must be an integer number']],
      [{ sku: 'sencha', quantity: '2' }, ['quantity must be an integer number']],
      [{ sku: 'sencha', quantity: 0 }, ['quantity must not be less than 1']],
      [{ sku: 'x'.repeat(41), quantity: 1 }, ['sku must be shorter than or equal to 40 characters']],
    ])('refuses %j for the cart and stores nothing', async (item, messages) => {
      const answer = await visitor.post('/cart', item);
      expect(answer.status).toBe(400);
      expect(answer.json().message).toEqual(expect.arrayContaining(messages));
      expect(visitor.cookie('sid')).toBeUndefined();
    });

    it('counts the visits of each visitor', async () => {
      expect((await visitor.post('/visits')).json()).toEqual({ visits: 1 });
      expect((await visitor.post('/visits')).json()).toEqual({ visits: 2 });
      expect((await shop.browser().post('/visits')).json()).toEqual({ visits: 1 });
    });

    it('ends the session at logout, for a copy of the cookie, too', async () => {
      await visitor.post('/login', { user: 'Ada' });
      await visitor.post('/cart', { sku: 'sencha', quantity: 1 });
      const otherTab = visitor.clone();
      expect((await visitor.post('/logout')).status).toBe(204);
      expect(visitor.cookie('sid')).toBeUndefined();
      expect((await otherTab.get('/me')).status).toBe(401);
      expect((await otherTab.get('/cart')).json()).toEqual([]);
    });
  });
});

function thirty<T>(send: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: 30 }, send));
}
