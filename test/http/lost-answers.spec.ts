import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type HttpApp, platforms, startApp } from './http-app.js';

interface Shop {
  item: string;
  name: string;
  late: boolean;
}

let proxy: TcpProxy;
let breakLine: () => void;

const faults = {
  // Redis executes the command, but its reply never arrives.
  'the answer is lost': () => proxy.delay(600_000, 'toClient'),
  'the request is lost': () => proxy.blackhole(),
};

async function mendLine(): Promise<void> {
  await proxy.reset();
  proxy.cut();
}

async function seenBy(visitor: Browser): Promise<object> {
  const { status, json } = await visitor.get('/item');
  expect(status).toBe(200);
  return json() as object;
}

@Controller()
class Shops {
  @Post('item')
  put(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }

  @Get('item')
  show(@Session() session: Session<Shop>): object {
    return { ...session };
  }

  @Post('first-item')
  first(@Session() session: Session<Shop>): void {
    session.item = 'tea';
    breakLine();
  }

  @Post('login')
  login(@Session() session: Session<Shop>): void {
    session.rotate();
    session.name = 'ada';
    breakLine();
  }

  @Post('login-and-save')
  async loginAndSave(@Session() session: Session<Shop>): Promise<void> {
    this.login(session);
    await session.save();
  }

  @Post('login-in-spite')
  async loginInSpite(@Session() session: Session<Shop>): Promise<void> {
    this.login(session);
    await session.save().catch(mendLine);
    session.late = true;
    await eventually(() => session.save());
  }
}

describe.each(platforms)('when Redis is lost during a login, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  let browser: Browser;

  beforeAll(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });
  beforeEach(async () => {
    await proxy.reset();
    app = await startApp(platform, {
      controllers: [Shops],
      options: { store: 'redis', port: proxy.port, operationTimeoutInMilliseconds: 500 },
    });
    browser = app.browser();
    // From now on Redis has the scripts in its cache, so the lost reply is that of a write.
    breakLine = () => undefined;
    const visitor = app.browser();
    for (const path of ['/item', '/login']) await visitor.post(path);
  });
  afterEach(() => app.close());

  describe.each(Object.entries(faults))('and %s', (name, fault) => {
    beforeEach(() => {
      breakLine = fault;
    });
    const carriedOut = name === 'the answer is lost';

    it.each(['/login', '/login-and-save'])(
      'the 503 contains the new credential, which opens the session when Redis is back, unlike the old one: %s',
      async (path) => {
        await browser.post('/item');
        const old = browser.clone();
        const answer = await browser.post(path);
        expect([answer.status, answer.setCookies.length]).toEqual([503, 1]);
        await mendLine();
        await eventually(async () => expect(await seenBy(browser)).toMatchObject({ item: 'tea' }));
        expect('name' in (await seenBy(browser))).toBe(carriedOut);
        expect(await seenBy(old)).toEqual({});
      },
    );

    it('a request that continues does not conflict with its own rotation, and stores everything', async () => {
      await browser.post('/item');
      const answer = await browser.post('/login-in-spite');
      expect([answer.status, answer.setCookies.length]).toEqual([201, 1]);
      expect(await seenBy(browser)).toEqual({ item: 'tea', name: 'ada', late: true });
    });

    it('the 503 of a visitor without a session contains a credential, in case the session was created', async () => {
      const answer = await browser.post('/first-item');
      expect([answer.status, answer.setCookies.length]).toEqual([503, 1]);
      await mendLine();
      await eventually(async () => expect(await seenBy(browser)).toEqual(carriedOut ? { item: 'tea' } : {}));
    });
  });
});
