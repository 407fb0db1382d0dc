import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post, Req } from '@nestjs/common';
import { type RedisSessionModuleOptions, Session } from 'nestjs-redis-session';
import type { SessionCookie } from '../../lib/session/session-cookie.js';
import type { Browser, BrowserResponse } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';

interface Visitor {
  name: string;
}
const minute = 60_000;

@Controller()
class CookieController {
  @Post('name')
  name(@Session() session: Session<Visitor>): void {
    session.name = 'ada';
  }

  @Post('remember')
  remember(@Session() session: Session<Visitor>, @Body() { maxAge }: { maxAge: number | null }): void {
    session.cookie.maxAge = maxAge;
  }

  @Post('idle')
  idle(@Session() session: Session<Visitor>): void {
    session.idleTimeoutInSeconds = 600;
  }

  @Post('login')
  login(@Session() session: Session<Visitor>): void {
    session.rotate();
  }

  @Post('regenerate')
  async regenerate(@Req() request: { session: Session<Visitor> }): Promise<void> {
    const next = (await request.session.regenerate()) as Session<Visitor>;
    next.name = 'grace';
  }

  @Post('logout')
  async logout(@Session() session: Session<Visitor>): Promise<void> {
    await session.destroy();
  }

  @Get('untouched')
  untouched(): string {
    return 'no session is asked for';
  }

  @Get('cookie')
  cookie(@Session() { cookie }: Session<Visitor>): object {
    const { path, domain, secure, httpOnly, sameSite, partitioned, priority } = cookie;
    return { path, domain, secure, httpOnly, sameSite, partitioned, priority };
  }

  @Post('assign')
  assign(@Session() { cookie }: Session<Visitor>, @Body() { name }: { name: string }): object {
    const before = cookie[name as keyof SessionCookie];
    try {
      (cookie as unknown as Record<string, unknown>)[name] = true;
      return { assigned: true };
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return { code, message, unchanged: cookie[name as keyof SessionCookie] === before };
    }
  }
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

/** Max-Age of the session cookie in a response; 'none' if it has none, `undefined` if there is no cookie. */
function maxAgeIn({ setCookies }: BrowserResponse): string | undefined {
  const cookie = setCookies.find(({ name }) => name === 'sid');
  return cookie && (cookie.attributes['max-age'] ?? 'none');
}

describe.each(platforms)('session.cookie on %s', (platform) => {
  let app: HttpApp;
  afterEach(() => app.close());

  async function start(options: RedisSessionModuleOptions = {}, trustProxy = false): Promise<Browser> {
    app = await startApp(platform, { controllers: [CookieController], options, trustProxy });
    return app.browser();
  }

  describe.each(['memory', 'redis'] as const)('.maxAge, in the %s store', (store) => {
    const begin = () => start({ store, ...(store === 'redis' && { port: redis.port }) });

    it('makes the cookie of this session persistent, and no other', async () => {
      const [visitor, other] = [await begin(), app.browser()];

      expect(maxAgeIn(await visitor.post('/remember', { maxAge: 10 * minute }))).toBe('600');
      expect(maxAgeIn(await other.post('/name'))).toBe('none');
      expect(maxAgeIn(await other.get('/untouched'))).toBeUndefined();
    });

    it('sends the cookie with every later response, on routes that do not use the session, too', async () => {
      const visitor = await begin();
      await visitor.post('/name');
      await visitor.post('/remember', { maxAge: 10 * minute });
      const sent = visitor.cookie('sid');

      for (const path of ['/untouched', '/cookie', '/untouched'])
        expect(maxAgeIn(await visitor.get(path))).toBe('600');
      expect(visitor.cookie('sid')).toBe(sent);
    });

    it('is kept at a login and sent with the new credential', async () => {
      const visitor = await begin();
      await visitor.post('/remember', { maxAge: 10 * minute });
      const before = visitor.cookie('sid');

      expect(maxAgeIn(await visitor.post('/login'))).toBe('600');
      expect(visitor.cookie('sid')).not.toBe(before);
      expect(maxAgeIn(await visitor.get('/untouched'))).toBe('600');
    });

    it('sends a session cookie once when it is set to null', async () => {
      const visitor = await begin();
      await visitor.post('/remember', { maxAge: 10 * minute });

      expect(maxAgeIn(await visitor.post('/remember', { maxAge: null }))).toBe('none');
      expect(maxAgeIn(await visitor.get('/untouched'))).toBeUndefined();
    });

    it('ends with the session', async () => {
      const visitor = await begin();
      await visitor.post('/remember', { maxAge: 10 * minute });

      expect(maxAgeIn(await visitor.post('/regenerate'))).toBe('none');
      expect(maxAgeIn(await visitor.get('/untouched'))).toBeUndefined();
    });

    it('does not change the removal of the cookie', async () => {
      const visitor = await begin();
      await visitor.post('/remember', { maxAge: 10 * minute });

      expect(maxAgeIn(await visitor.post('/logout'))).toBe('0');
      expect(visitor.cookie('sid')).toBeUndefined();
    });
  });

  it('.maxAge of null keeps a cookie that the options make persistent', async () => {
    const visitor = await start({ cookie: { persistent: true }, idleTimeoutInSeconds: 60 });
    await visitor.post('/remember', { maxAge: 10 * minute });

    expect(maxAgeIn(await visitor.post('/remember', { maxAge: null }))).toBe('60');
  });

  it('.maxAge makes the cookie persistent, session.idleTimeoutInSeconds does not', async () => {
    const visitor = await start();

    expect(maxAgeIn(await visitor.post('/idle'))).toBe('none');
    expect(maxAgeIn(await visitor.get('/untouched'))).toBeUndefined();
  });

  it('.maxAge has no effect on a credential in a header', async () => {
    await start({ header: { name: 'x-session' } });
    const first = await app.browser().post('/remember', { maxAge: 10 * minute });
    const headers = { 'x-session': first.headers['x-session'] as string };

    const next = await app.browser().get('/untouched', { headers });

    expect([next.headers['x-session'], next.setCookies]).toEqual([undefined, []]);
  });

  it('is not affected by what other software stored under its name', async () => {
    const visitor = await start({ store: 'redis', port: redis.port });
    await visitor.post('/name');
    const [id] = visitor.cookie('sid')!.split('.');
    for (const text of ['{"originalMaxAge":60000}', '{"broken', '[[', 'persistent']) {
      await redis.admin.hset(`{${app.applicationName}_${id}}_Data`, 'cookie', text);
      const answer = await visitor.get('/untouched');
      expect([answer.status, maxAgeIn(answer)]).toEqual([200, undefined]);
    }
  });

  it('has the attributes that are sent with the cookie', async () => {
    const visitor = await start();
    expect((await visitor.get('/cookie')).json()).toEqual({
      path: '/',
      secure: false,
      httpOnly: true,
      sameSite: 'lax',
      partitioned: false,
    });
    await app.close();

    const cookie = {
      path: '/cookie',
      domain: 'example.com',
      secure: true,
      httpOnly: false,
      sameSite: 'none',
      partitioned: true,
      priority: 'high',
    } as const;
    expect((await (await start({ cookie })).get('/cookie')).json()).toEqual(cookie);
  });

  it.each([
    ['https', { secure: true, sameSite: 'none' }],
    ['http', { secure: false, sameSite: 'lax' }],
  ])('shows what "auto" means for a request over %s', async (protocol, expected) => {
    const visitor = await start({ cookie: { secure: 'auto', sameSite: 'auto' } }, true);
    const headers = { 'x-forwarded-proto': protocol };

    expect((await visitor.get('/cookie', { headers })).json()).toMatchObject(expected);
  });

  it.each(['path', 'domain', 'secure', 'httpOnly', 'sameSite', 'partitioned', 'priority'])(
    'refuses to set %s for one session, with an error that names the option',
    async (name) => {
      const visitor = await start();

      expect((await visitor.post('/assign', { name })).json()).toEqual({
        code: 'SESSION_USAGE',
        message: `session.cookie.${name} cannot be set for one session; nothing was changed. Set the option cookie.${name}, which all sessions share.`,
        unchanged: true,
      });
    },
  );
});
