import { afterEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { type RedisSessionModuleOptions, SessionRepository } from 'nestjs-redis-session';
import { Browser } from '../support/http-browser.js';
import { platforms, sessionsInMemory, startNest, type NestApp } from './nest-app.js';
import { accounts, useMiddleware, users } from './passport-app.js';

const ada = { username: 'ada', password: 'lovelace' };

describe.each(platforms)('Passport on %s', (platform) => {
  let app: NestApp;
  afterEach(() => app.close());

  async function start(
    options?: { keepSessionInfo?: boolean },
    module: RedisSessionModuleOptions = {},
  ): Promise<void> {
    app = await startNest(platform, { imports: [sessionsInMemory(module), accounts(options)] }, (nest) =>
      useMiddleware(nest, platform),
    );
  }

  describe('when a guard logs in as in the documentation of NestJS', () => {
    it('knows the user in the handler and in every later request', async () => {
      await start();
      const visitor = app.browser();

      expect((await visitor.post('/login', ada)).json()).toEqual({ id: 7, name: 'ada' });
      expect((await visitor.get('/account')).json()).toEqual({ id: 7, name: 'ada' });
      expect((await visitor.get('/whoami')).json()).toEqual({ user: 'ada', passport: { user: 7 } });
    });

    it('creates another session, so that one known to an attacker stops working', async () => {
      await start();
      const visitor = app.browser();
      await visitor.post('/cart');
      const attacker = visitor.clone();

      await visitor.post('/login', ada);

      expect(visitor.cookie('sid')).not.toBe(attacker.cookie('sid'));
      expect((await attacker.get('/account')).status).toBe(403);
      expect((await attacker.get('/cart')).json()).toEqual({ cart: null });
    });

    it('drops the previous attributes', async () => {
      await start();
      const visitor = app.browser();
      await visitor.post('/cart');

      await visitor.post('/login', ada);

      expect((await visitor.get('/cart')).json()).toEqual({ cart: null });
    });

    it('binds the session to the user and notes the login, with an index for users', async () => {
      await start({}, { indexes: { user: ({ passport }) => passport?.user } });
      const visitor = app.browser();
      await visitor.post('/cart');
      const sessions = app.app.get(SessionRepository);
      const authenticatedAt = async () =>
        (await sessions.findByCredential(visitor.cookie('sid')!))!.authenticatedAt;
      expect(await authenticatedAt()).toBeUndefined();

      await visitor.post('/login', ada);

      expect(await sessions.findByUser(7)).toHaveLength(1);
      expect(await authenticatedAt()).toBeInstanceOf(Date);
    });

    it('keeps the previous attributes with keepSessionInfo', async () => {
      await start({ keepSessionInfo: true });
      const visitor = app.browser();
      await visitor.post('/cart');

      await visitor.post('/login', ada);

      expect((await visitor.get('/cart')).json()).toEqual({ cart: ['tea'] });
      expect((await visitor.get('/whoami')).json()).toMatchObject({ user: 'ada' });
    });

    it('sends one cookie', async () => {
      await start();
      const visitor = app.browser();
      await visitor.post('/cart');

      expect((await visitor.post('/login', ada)).setCookies.map(({ name }) => name)).toEqual(['sid']);
    });

    it('stores nothing for a wrong password', async () => {
      await start();
      const visitor = app.browser();

      const answer = await visitor.post('/login', { ...ada, password: 'byron' });

      expect(answer.status).toBe(401);
      expect(answer.setCookies).toEqual([]);
    });
  });

  describe('when a user logs out', () => {
    it('removes the user and all attributes', async () => {
      await start({ keepSessionInfo: true });
      const visitor = app.browser();
      await visitor.post('/cart');
      await visitor.post('/login', ada);
      const before = visitor.clone();

      await visitor.post('/logout');

      expect((await visitor.get('/account')).status).toBe(403);
      expect((await visitor.get('/cart')).json()).toEqual({ cart: null });
      expect((await before.get('/account')).status).toBe(403);
    });

    it('removes the cookie of the session that ended', async () => {
      await start();
      const visitor = app.browser();
      await visitor.post('/login', ada);

      await visitor.post('/logout');

      expect(visitor.cookie('sid')).toBeUndefined();
    });

    it('keeps the other attributes with keepSessionInfo', async () => {
      await start({ keepSessionInfo: true });
      const visitor = app.browser();
      await visitor.post('/cart');
      await visitor.post('/login', ada);

      await visitor.post('/logout-and-keep');

      expect((await visitor.get('/account')).status).toBe(403);
      expect((await visitor.get('/cart')).json()).toEqual({ cart: ['tea'] });
    });
  });

  it('serves a visitor whose user was deleted without a user, and removes the user from the session', async () => {
    await start();
    const visitor = app.browser();
    await visitor.post('/login', ada);
    const gone = users.get(7)!;
    users.delete(7);
    try {
      expect((await visitor.get('/whoami')).json()).toEqual({ user: null, passport: {} });
    } finally {
      users.set(7, gone);
    }
    expect((await visitor.get('/whoami')).json()).toEqual({ user: null, passport: {} });
  });

  it('creates no key and no cookie for visitors without a session', async () => {
    await start();
    const answer = await app.browser().get('/whoami');

    expect(answer.json()).toEqual({ user: null, passport: null });
    expect(answer.setCookies).toEqual([]);
  });
});

describe.each(platforms)('connect-flash on %s', (platform) => {
  let app: NestApp;
  afterEach(() => app.close());

  it('shows a message once, on the next page', async () => {
    app = await startNest(platform, { imports: [sessionsInMemory(), accounts()] }, (nest) =>
      useMiddleware(nest, platform),
    );
    const visitor = app.browser();
    await visitor.post('/notice');
    await visitor.post('/notice');

    expect((await visitor.get('/notices')).json()).toEqual(['Welcome back', 'Welcome back']);
    expect((await visitor.get('/notices')).json()).toEqual([]);
  });
});

describe('an application made by Test.createTestingModule()', () => {
  it('has sessions in middleware that is added before it starts, as with NestFactory', async () => {
    const module = await Test.createTestingModule({ imports: [sessionsInMemory(), accounts()] }).compile();
    const app = module.createNestApplication({ logger: false });
    useMiddleware(app, 'express');
    await app.listen(0, '127.0.0.1');
    try {
      const visitor = new Browser(await app.getUrl());
      await visitor.post('/login', ada);
      expect((await visitor.get('/account')).json()).toEqual({ id: 7, name: 'ada' });
    } finally {
      await app.close();
    }
  });
});
