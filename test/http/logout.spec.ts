import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Req } from '@nestjs/common';
import { Session, SessionGoneError, SessionStore } from 'nestjs-redis-session';
import { deferred, type Deferred } from '../support/barrier.js';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { type Shop, ShopController } from './shop.controller.js';

let loaded: Deferred<void>;
let goOn: Deferred<void>;

/** A request that has loaded its session and waits for the test. */
@Controller('slow')
class SlowController {
  @Post('write')
  async write(@Session() session: Session<Shop>): Promise<string> {
    session.item = 'coffee';
    loaded.resolve();
    await goOn.promise;
    return 'answered';
  }

  @Post('save')
  async save(@Session() session: Session<Shop>): Promise<object> {
    session.item = 'coffee';
    loaded.resolve();
    await goOn.promise;
    return session.save().then(
      () => ({ saved: true }),
      (error: unknown) => ({ gone: error instanceof SessionGoneError }),
    );
  }

  @Post('rotate')
  async rotate(@Session() session: Session<Shop>): Promise<string> {
    session.rotate();
    loaded.resolve();
    await goOn.promise;
    return 'answered';
  }

  @Post('destroyed')
  async destroyed(@Session() session: Session<Shop>): Promise<object> {
    await session.destroy();
    let refused: unknown;
    try {
      session.item = 'coffee';
    } catch (error) {
      refused = error;
    }
    return { kept: { ...session }, refused: refused instanceof SessionGoneError };
  }

  @Get('unawaited')
  unawaited(@Req() request: { session: Session<Shop> }): void {
    void request.session.destroy();
  }
}

describe.each(platforms)('logout, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  beforeAll(async () => {
    server = await RedisServer.start();
    app = await startApp(platform, {
      controllers: [ShopController, SlowController],
      options: { store: 'redis', port: server.port },
    });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });
  beforeEach(() => {
    loaded = deferred();
    goOn = deferred();
  });

  const key = (id: string): string => `{${app.applicationName}_${id}}_Data`;

  async function visitor() {
    const browser = app.browser();
    const { id } = (await browser.post('/session', { item: 'tea' })).json() as { id: string };
    return { browser, id };
  }

  it('removes the data and the cookie', async () => {
    const { browser, id } = await visitor();
    const stolen = browser.clone();
    await browser.post('/logout');
    expect(await server.admin.exists(key(id))).toBe(0);
    expect(browser.cookie('sid')).toBeUndefined();
    expect((await stolen.get('/session')).json().attributes).toEqual({});
  });

  it('is awaited by the response if the handler did not', async () => {
    const { browser, id } = await visitor();
    await browser.get('/slow/unawaited');
    expect(await server.admin.exists(key(id))).toBe(0);
    expect(browser.cookie('sid')).toBeUndefined();
  });

  it('keeps the data of the old object, which refuses writes', async () => {
    const { browser } = await visitor();
    const answer = await browser.post('/slow/destroyed');
    expect(answer.json()).toEqual({ kept: { item: 'tea' }, refused: true });
  });

  it('of a visitor without a session sends no cookie', async () => {
    const { status, setCookies } = await app.browser().post('/logout');
    expect([status, setCookies]).toEqual([201, []]);
  });

  it.each([
    ['a change', '/slow/write', 201],
    ['a rotation, which must not look like a login', '/slow/rotate', 409],
  ])(
    'wins over a request that loaded the session before: nothing is restored (%s)',
    async (_, path, status) => {
      const { browser, id } = await visitor();
      const slow = browser.clone().post(path);
      await loaded.promise;
      await browser.post('/logout');
      goOn.resolve();
      expect(await slow).toMatchObject({ status, setCookies: [] });
      expect(await server.admin.exists(key(id))).toBe(0);
      expect((await browser.get('/session')).json()).toMatchObject({ isNew: true, attributes: {} });
    },
  );

  it('makes an explicit save() of such a request reject with SessionGoneError', async () => {
    const { browser, id } = await visitor();
    const slow = browser.clone().post('/slow/save');
    await loaded.promise;
    await browser.post('/logout');
    goOn.resolve();
    expect((await slow).json()).toEqual({ gone: true });
    expect(await server.admin.exists(key(id))).toBe(0);
  });

  it('wins over a touch, which does not restore the session', async () => {
    const { browser, id } = await visitor();
    const reading = Array.from({ length: 20 }, () => browser.clone().get('/session'));
    await Promise.all([...reading, browser.post('/logout')]);
    expect(await server.admin.exists(key(id))).toBe(0);
  });

  it('a new session never replaces a stored one: create-if-absent', async () => {
    const { id } = await visitor();
    const before = await server.admin.hgetall(key(id));
    const store = app.app.get<SessionStore>(SessionStore);
    const attributes = new Map([['item', '"planted"']]);
    const created = store.create({
      id,
      secretHash: 'x'.repeat(43),
      defaultIdleTimeoutInMilliseconds: 1000,
      attributes,
    });
    expect(await created).toBeUndefined();
    expect(await server.admin.hgetall(key(id))).toEqual(before);
  });
});

describe.each(platforms)('the removal cookie, on %s', (platform) => {
  it.each([
    [{}, { path: '/', httponly: '', samesite: 'Lax' }],
    [
      { name: 'shop', path: '/session', domain: 'example.com', secure: true, sameSite: 'strict' },
      { path: '/session', domain: 'example.com', secure: '', httponly: '', samesite: 'Strict' },
    ],
    [
      { secure: true, sameSite: 'none', partitioned: true, httpOnly: false, priority: 'high' },
      { path: '/', secure: '', samesite: 'None', partitioned: '', priority: 'High' },
    ],
  ] as const)('repeats name, path, domain and every attribute: %j', async (cookie, attributes) => {
    const app = await startApp(platform, { controllers: [ShopController, LogoutThere], options: { cookie } });
    const browser = app.browser({ host: 'shop.example.com', secure: true });
    const [given] = (await browser.post('/session', { item: 'tea' })).setCookies;
    expect(given).toMatchObject({ attributes });
    const [removal] = (await browser.post('/session/logout')).setCookies;
    expect(removal).toMatchObject({ name: given!.name, value: '' });
    const { 'max-age': maxAge, expires, ...rest } = removal!.attributes;
    expect([maxAge, expires]).toEqual(['0', 'Thu, 01 Jan 1970 00:00:00 GMT']);
    expect(rest).toEqual(attributes);
    expect(browser.cookie(given!.name)).toBeUndefined();
    await app.close();
  });
});

@Controller('session/logout')
class LogoutThere {
  @Post()
  async logout(@Session() session: Session<Shop>): Promise<void> {
    await session.destroy();
  }
}
