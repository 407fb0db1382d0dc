import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

interface Shop {
  item: string;
  more: string;
}

let proxy: TcpProxy;
/** What happens between the first save of a request and the next one. */
let meanwhile: () => unknown;

async function shown(visitor: Browser): Promise<unknown> {
  return (await visitor.get('/')).json();
}

@Controller()
class Shops {
  @Get()
  show(@Session() session: Session<Shop>): object {
    return { ...session };
  }

  @Post('warm-up')
  warmUp(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }

  @Post('begin')
  async begin(@Session() session: Session<Shop>): Promise<void> {
    session.item = 'tea';
    proxy.holdBack();
    await session.save().catch(() => meanwhile());
    session.more = 'cake';
    await eventually(() => session.save());
  }

  @Post('begin-anew')
  async beginAnew(@Session() session: Session<Shop>): Promise<void> {
    await this.begin(await session.regenerate());
  }

  @Post('logout')
  async logOut(@Session() session: Session<Shop>): Promise<void> {
    await session.destroy();
  }
}

describe.each(platforms)('when a session is created, but Redis gets that late, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  let browser: Browser;

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
    app = await startApp(platform, {
      controllers: [Shops],
      options: { store: 'redis', port: proxy.port, operationTimeoutInMilliseconds: 2000 },
    });
    browser = app.browser();
    meanwhile = () => undefined;
    // From now on Redis has the script in its cache, so what is held back is the create itself.
    await app.browser().post('/warm-up');
  });
  afterEach(async () => {
    await app.close();
    await proxy.stop();
    await server.stop();
  });

  const sessionsInRedis = async (): Promise<number> => (await server.admin.keys('*_Data')).length;

  it.each(['/begin', '/begin-anew'])(
    'a copy of the cookie opens nothing after the logout: %s',
    async (path) => {
      if (path === '/begin-anew') await browser.post('/warm-up');
      expect((await browser.post(path)).status).toBe(201);
      expect(await shown(browser)).toEqual({ item: 'tea', more: 'cake' });
      expect(proxy.hasHeldBack).toBe(true);
      const copy = browser.clone();
      await browser.post('/logout');
      const before = await sessionsInRedis();
      proxy.deliver();
      await eventually(async () => expect(await sessionsInRedis()).toBe(before + 1));
      expect(await shown(copy)).toEqual({});
    },
  );

  it('a request that goes on stores everything, if Redis gets it before the next save', async () => {
    meanwhile = async () => {
      const before = await sessionsInRedis();
      proxy.deliver();
      await eventually(async () => expect(await sessionsInRedis()).toBe(before + 1));
    };
    expect((await browser.post('/begin')).status).toBe(201);
    expect(await shown(browser)).toEqual({ item: 'tea', more: 'cake' });
  });
});
