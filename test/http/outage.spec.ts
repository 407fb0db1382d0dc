import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Post,
  UseFilters,
} from '@nestjs/common';
import { Session, SessionStoreUnavailableError } from 'nestjs-redis-session';
import type { Browser } from '../support/http-browser.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type HttpApp, platforms, startApp } from './http-app.js';

interface Shop {
  item: string;
  other: string;
}

let proxy: TcpProxy;

@Catch(SessionStoreUnavailableError)
class SorryPage implements ExceptionFilter {
  catch({ code, cause }: SessionStoreUnavailableError, host: ArgumentsHost): void {
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: object): void } }>();
    response.status(503).send({ sorry: code, cause: (cause as Error).message });
  }
}

@Controller()
class Shops {
  @Post('item')
  put(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }

  @Get('item')
  show(@Session() session: Session<Shop>): object {
    return { item: session.item, isNew: session.isNew, why: session.lastException?.name };
  }

  @Post('lost')
  async lost(@Session() session: Session<Shop>): Promise<object> {
    await proxy.goAway();
    session.other = 'coffee';
    return { other: session.other };
  }

  @Post('lost-while-saving')
  async saved(@Session() session: Session<Shop>): Promise<object> {
    await proxy.goAway();
    session.other = 'coffee';
    await session.save();
    return { why: session.lastException?.name };
  }

  @Post('lost-while-ending')
  async ended(@Session() session: Session<Shop>): Promise<void> {
    await proxy.goAway();
    await session.destroy().catch(() => undefined);
  }

  @Post('end')
  async end(@Session() session: Session<Shop>): Promise<void> {
    await session.destroy();
  }

  @Post('end-unawaited')
  endUnawaited(@Session() session: Session<Shop>): void {
    void session.destroy();
  }

  @Post('start-anew')
  async startAnew(@Session() session: Session<Shop>): Promise<void> {
    await session.regenerate();
  }

  @Post('lost-with-a-page')
  @UseFilters(SorryPage)
  async page(@Session() session: Session<Shop>): Promise<void> {
    await proxy.goAway();
    session.other = 'coffee';
    await session.save();
  }

  @Get('no-session')
  none(): string {
    return 'no session needed';
  }
}

describe.each(platforms)('while Redis is away, on %s', (platform) => {
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
  afterEach(() => app.close());

  async function start(throwOnError: boolean): Promise<void> {
    await proxy.reset();
    app = await startApp(platform, {
      controllers: [Shops],
      options: { store: 'redis', port: proxy.port, throwOnError },
      main: (nest) => nest.enableCors({ origin: 'https://shop.example' }),
    });
    browser = app.browser();
    expect((await browser.post('/item')).status).toBe(201);
  }

  /** Brings Redis back, and asserts that the visitor's session has not changed. */
  async function expectUntouched(): Promise<void> {
    await proxy.reset();
    await eventually(async () =>
      expect((await browser.get('/item')).json()).toEqual({ item: 'tea', isNew: false }),
    );
  }

  describe('with throwOnError', () => {
    it('a request with a session answers 503', async () => {
      await start(true);
      await proxy.goAway();
      const answer = await browser.get('/item');
      expect(answer.status).toBe(503);
      expect(answer.json()).toMatchObject({ statusCode: 503 });
      expect(answer.setCookies).toEqual([]);
      await expectUntouched();
    });

    it('a route that does not use the session is served, whatever cookie the visitor has', async () => {
      await start(true);
      await proxy.goAway();
      expect((await app.browser().get('/no-session')).text).toBe('no session needed');
      const answer = await browser.get('/no-session');
      expect([answer.status, answer.text, answer.setCookies]).toEqual([200, 'no session needed', []]);
      browser.setCookie('sid', 'rubbish');
      expect((await browser.get('/no-session')).text).toBe('no session needed');
    });

    it('an unknown route is answered with 404', async () => {
      await start(true);
      await proxy.goAway();
      expect((await browser.get('/nowhere')).status).toBe(404);
    });

    it.each(['/item', '/lost'])(
      'the 503 of %s has a Retry-After that pages of other origins can read',
      async (path) => {
        await start(true);
        if (path === '/item') await proxy.goAway();
        const answer = await browser.request(path === '/item' ? 'GET' : 'POST', path);
        expect(answer.status).toBe(503);
        expect(answer.headers['retry-after']).toBe('1');
        expect(answer.headers['access-control-allow-origin']).toBe('https://shop.example');
      },
    );

    it("an application's exception filter gets the error, with its cause", async () => {
      await start(true);
      const answer = await browser.post('/lost-with-a-page');
      expect(answer.status).toBe(503);
      expect(answer.json()).toEqual({
        sorry: 'SESSION_STORE_UNAVAILABLE',
        cause: expect.stringMatching(
          /Connection is closed|Stream isn't writeable|connection to Redis was closed|write EPIPE|ECONNRESET/,
        ),
      });
      await expectUntouched();
    });

    it('a logout that could not be stored does not remove the cookie', async () => {
      await start(true);
      const answer = await browser.post('/lost-while-ending');
      expect([answer.status, answer.setCookies]).toEqual([503, []]);
      await expectUntouched();
    });
  });

  describe('with throwOnError false', () => {
    it('a request continues with a new session, and session.lastException has the reason', async () => {
      await start(false);
      await proxy.goAway();
      const answer = await browser.get('/item');
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual({ isNew: true, why: 'SessionStoreUnavailableError' });
      expect(app.sessions.lastException).toBeInstanceOf(SessionStoreUnavailableError);
      await expectUntouched();
    });

    it('changes to that session are never stored and set no cookie', async () => {
      await start(false);
      await proxy.goAway();
      const answer = await browser.post('/item');
      expect([answer.status, answer.setCookies]).toEqual([201, []]);
      await expectUntouched();
      expect(await server.admin.keys(`{${app.applicationName}_*`)).toHaveLength(1);
    });

    it('a new visitor is served and gets no cookie', async () => {
      await start(false);
      await proxy.goAway();
      const answer = await app.browser().post('/item');
      expect([answer.status, answer.setCookies]).toEqual([201, []]);
    });

    it('a request is answered if Redis is lost before the commit', async () => {
      await start(false);
      const answer = await browser.post('/lost');
      expect([answer.status, answer.json()]).toEqual([201, { other: 'coffee' }]);
      await expectUntouched();
    });

    it('session.save() resolves, and session.lastException has the reason', async () => {
      await start(false);
      const answer = await browser.post('/lost-while-saving');
      expect([answer.status, answer.json()]).toEqual([201, { why: 'SessionStoreUnavailableError' }]);
      await expectUntouched();
    });

    it.each(['/end', '/end-unawaited', '/start-anew', '/lost-while-ending'])(
      'a logout that did not happen is still an error, and the cookie is kept: %s',
      async (path) => {
        await start(false);
        if (path !== '/lost-while-ending') await proxy.goAway();
        const answer = await browser.post(path);
        expect([answer.status, answer.setCookies]).toEqual([503, []]);
        expect(app.sessions.lastException).toBeInstanceOf(SessionStoreUnavailableError);
        await expectUntouched();
      },
    );
  });
});
