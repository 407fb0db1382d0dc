import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type EncryptionKeys,
  expressSession,
  InMemorySessionStore,
  type RedisSessionModuleOptions,
  SessionDataError,
  SessionTooLargeError,
} from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { type Shop, ShopController } from '../http/shop.controller.js';
import { dump } from './redis-dump.js';
import { OldShop } from '../integrations/old-shop.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

const KEY = randomBytes(32).toString('base64');
const OTHER_KEY = randomBytes(32).toString('base64');
const SEALED = /^enc1\.[\w-]{8}\.[\w-]+$/;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

describe.each(platforms)('with encryption, on %s', (platform) => {
  let app: HttpApp;
  const apps: HttpApp[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((one) => one.close()));
  });

  async function start(options: RedisSessionModuleOptions = {}, applicationName = uniqueName('encrypted')) {
    app = await startApp(platform, {
      controllers: [ShopController],
      options: {
        store: 'redis',
        port: server.port,
        applicationName,
        encryption: { keys: [KEY] },
        ...options,
      },
    });
    apps.push(app);
    return app;
  }

  const keyOf = (id: string) => `{${app.applicationName}_${id}}_Data`;

  async function visitor(attributes: object = { user: 'ada lovelace', cart: ['earl grey'] }) {
    const browser = app.browser();
    const { id } = (await browser.post('/session', attributes)).json() as { id: string };
    const stored = () => server.admin.hgetall(keyOf(id));
    const write = (name: string, text: string) => server.admin.hset(keyOf(id), name, text);
    const read = async () => (await app.sessions.find<Shop>(id))!;
    return { browser, id, stored, write, read };
  }

  describe('someone who copies Redis', () => {
    it('finds no text of an attribute', async () => {
      await start({ cookie: { persistent: true } });
      const { browser, stored } = await visitor();
      await browser.post('/login', { user: 'grace hopper' });
      const everything = await dump(server.admin);
      for (const text of ['ada lovelace', 'lovelace', 'grace hopper', 'hopper', 'earl grey'])
        expect(everything).not.toContain(text);
      expect(await stored()).toMatchObject({
        user: expect.stringMatching(SEALED),
        cart: expect.stringMatching(SEALED),
      });
    });

    it('cannot see that two sessions or two saves hold the same value', async () => {
      await start();
      const [one, other] = [await visitor(), await visitor()];
      const first = (await one.stored())['user'];
      expect((await other.stored())['user']).not.toBe(first);
      await one.browser.post('/session', { user: 'grace' });
      await one.browser.post('/session', { user: 'ada lovelace' });
      expect((await one.stored())['user']).not.toBe(first);
    });
  });

  describe('someone who writes to Redis', () => {
    it.each([
      [
        'another session',
        async (to: Visitor, from: Visitor) => to.write('user', (await from.stored())['user']!),
      ],
      ['another attribute', async (to: Visitor) => to.write('user', (await to.stored())['cart']!)],
      ['plain text', async (to: Visitor) => to.write('user', '"admin"')],
      ['a changed byte', async (to: Visitor) => to.write('user', flipped((await to.stored())['user']!))],
      ['a shorter text', async (to: Visitor) => to.write('user', (await to.stored())['user']!.slice(0, 30))],
      [
        'nothing but the head',
        async (to: Visitor) => to.write('user', (await to.stored())['user']!.slice(0, 14)),
      ],
      ['a longer text', async (to: Visitor) => to.write('user', `${(await to.stored())['user']!}AAAA`)],
    ] as const)('cannot put there: %s', async (_what, put) => {
      await start();
      const [to, from] = [await visitor(), await visitor({ user: 'admin' })];
      await put(to, from);
      const session = await to.read();
      const error = unreadable(() => session.user);
      expect(error).toBeInstanceOf(SessionDataError);
      expect(error.attribute).toBe('user');
      expect(error.message).toMatch(/^The stored session attribute "user" cannot be decrypted: /);
      expect(error.message).not.toContain('admin');
      expect((await to.browser.get('/session')).status).toBe(500);
      expect(session.cart).toEqual(['earl grey']);
    });

    it('cannot bring a value from another application', async () => {
      const [first, second] = [await start(), await start()];
      const browser = first.browser();
      const { id } = (await browser.post('/session', { user: 'admin' })).json() as { id: string };
      const key = `{${first.applicationName}_${id}}_Data`;
      await server.admin.copy(key, `{${second.applicationName}_${id}}_Data`);
      const session = (await second.sessions.find<Shop>(id))!;
      expect(unreadable(() => session.user).message).toContain('"user"');
    });

    it('loses the attribute for the visitor with unreadableAttribute drop, and nothing else', async () => {
      await start({ unreadableAttribute: 'drop' });
      const { browser, write } = await visitor();
      await write('user', '"admin"');
      expect((await browser.get('/session')).json()).toMatchObject({ attributes: { cart: ['earl grey'] } });
      expect((await browser.get('/session')).text).not.toContain('admin');
    });

    it('cannot make a program trust plain text, unless acceptPlainText is set', async () => {
      await start({ encryption: { keys: [KEY], acceptPlainText: true } });
      const { browser, write, stored } = await visitor();
      await write('item', '"from before"');
      expect((await browser.get('/session')).json()).toMatchObject({ attributes: { item: 'from before' } });
      expect((await stored())['item']).toBe('"from before"');
      await browser.post('/session', { item: 'from now' });
      expect((await stored())['item']).toMatch(SEALED);
    });
  });

  describe('changes', () => {
    it('are compared as plain text: what is read is not written again', async () => {
      await start();
      const { browser, stored } = await visitor();
      const before = await stored();
      await browser.get('/session');
      await browser.post('/session', { item: 'tea' });
      const after = await stored();
      expect([after['user'], after['cart']]).toEqual([before['user'], before['cart']]);
      await browser.post('/session', { user: 'ada lovelace' });
      expect((await stored())['user']).toBe(before['user']);
    });

    it('are stored in objects, with removals, rotations and new sessions', async () => {
      await start();
      const { browser, read } = await visitor();
      await browser.post('/login', { user: 'grace' });
      await browser.delete('/session/cart');
      expect((await browser.get('/session')).json()).toMatchObject({ attributes: { user: 'grace' } });
      const session = await read();
      session.cart = ['tea'];
      await app.sessions.save(session);
      session.cart.push('milk');
      await app.sessions.save(session);
      expect((await read()).cart).toEqual(['tea', 'milk']);
      await browser.post('/regenerate?item=coffee');
      expect((await browser.get('/session')).json()).toMatchObject({ attributes: { item: 'coffee' } });
    });

    it('of a session that comes from express-session are encrypted', async () => {
      const old = await OldShop.start(server.url, {});
      const cookie = await old.visit({ item: 'earl grey' });
      await old.close();
      await start({ migrateFrom: expressSession({ secret: 'keyboard cat' }) });
      const browser = app.browser();
      browser.setCookie('connect.sid', cookie);
      const { id, attributes } = (await browser.get('/session')).json() as { id: string; attributes: object };
      expect(attributes).toMatchObject({ item: 'earl grey' });
      expect((await server.admin.hgetall(keyOf(id)))['item']).toMatch(SEALED);
    });

    it('count with their size in Redis', async () => {
      await start({ maxSessionBytes: 200 });
      const session = app.sessions.create<Shop>();
      session.item = 'x'.repeat(120);
      await expect(app.sessions.save(session)).rejects.toThrow(SessionTooLargeError);
      session.item = 'x'.repeat(80);
      await app.sessions.save(session);
    });
  });

  describe('keys', () => {
    it('are replaced: the newest encrypts, and an older one still reads', async () => {
      const { applicationName } = await start();
      const { id, browser, stored } = await visitor();
      const before = await stored();
      await start({ encryption: { keys: [OTHER_KEY, KEY] } }, applicationName);
      const cookie = browser.cookie('sid')!;
      const later = app.browser();
      later.setCookie('sid', cookie);
      expect((await later.get('/session')).json()).toMatchObject({ attributes: { user: 'ada lovelace' } });
      await later.post('/session', { user: 'grace' });
      expect((await stored())['cart']).toBe(before['cart']);
      expect((await stored())['user']!.slice(0, 13)).not.toBe(before['user']!.slice(0, 13));

      await start({ encryption: { keys: [OTHER_KEY] } }, applicationName);
      const session = (await app.sessions.find<Shop>(id))!;
      expect(session.user).toBe('grace');
      expect(unreadable(() => session.cart).message).toMatch(
        /^The stored session attribute "cart" cannot be decrypted: encryption.keys has no key with the id [\w-]{8}: add the older key\./,
      );
    });

    it('come from a key service, which is asked before the application starts', async () => {
      const keys = new Map<string, Uint8Array>();
      const service: EncryptionKeys & { current: string } = {
        current: '',
        async open() {
          await Promise.resolve();
          keys.set('2026-11', randomBytes(32));
          service.current = '2026-11';
        },
        get: (id) => keys.get(id),
      };
      await start({ encryption: { keys: service } });
      const { browser, stored } = await visitor();
      expect((await stored())['user']).toMatch(/^enc1\.2026-11\./);
      keys.set('2026-12', randomBytes(32));
      service.current = '2026-12';
      await browser.post('/session', { item: 'tea' });
      expect((await stored())['item']).toMatch(/^enc1\.2026-12\./);
      expect((await browser.get('/session')).json()).toMatchObject({
        attributes: { user: 'ada lovelace', item: 'tea' },
      });
      service.current = 'lost';
      expect((await browser.post('/session', { item: 'milk' })).status).toBe(500);
      expect((await browser.get('/session')).json()).toMatchObject({ attributes: { item: 'tea' } });
    });

    it('that cannot be fetched stop the start', async () => {
      const service: EncryptionKeys = {
        current: 'a',
        open: () => Promise.reject(new Error('no keys today')),
        get: () => undefined,
      };
      await expect(start({ store: 'memory', encryption: { keys: service } })).rejects.toThrow(
        'no keys today',
      );
    });

    it('work with a serializer and a store of the application', async () => {
      const store = new InMemorySessionStore();
      const serializer = {
        serialize: (value: unknown) => `v1${JSON.stringify(value)}`,
        deserialize: (text: string) => JSON.parse(text.slice(2)) as unknown,
      };
      await start({ store, serializer });
      const { id, read } = await visitor();
      expect((await store.load(id))!.attributes.get('user')).toMatch(SEALED);
      expect((await read()).user).toBe('ada lovelace');
    });
  });
});

function unreadable(read: () => unknown): SessionDataError {
  try {
    read();
  } catch (error) {
    return error as SessionDataError;
  }
  throw new Error('it can be read');
}

interface Visitor {
  stored: () => Promise<Record<string, string>>;
  write: (name: string, text: string) => Promise<number>;
}

function flipped(text: string): string {
  const at = text.length - 5;
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}
