import { type CanActivate, Injectable, type MiddlewareConsumer } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { CrossSiteGuard, InMemorySessionStore } from 'nestjs-redis-session';
import { platforms } from '../http/http-app.js';
import { watch } from '../session/session-fixture.js';
import { RedisServer } from '../support/redis-server.js';
import { type Bank, KEY, later, startBank } from './device-bound-app.js';
import { challengeIn, offerIn, proofOf } from './device-browser.js';

const reports = () => jest.fn<(report: { id: string; count: number }) => void>();
const refuse = (_request: unknown, response: { statusCode: number; end(): void }) => {
  response.statusCode = 418;
  response.end();
};
const strict = (request: { url: string }, response: never, next: () => void) =>
  request.url.startsWith('/device-session') ? refuse(request, response) : next();

describe.each(platforms)('a thief with the cookies of a bound session, on %s', (platform) => {
  let bank: Bank;
  afterEach(async () => {
    jest.useRealTimers();
    await bank.close();
  });
  const nobody = { isNew: true };

  it('is served in the mode observe, and reported', async () => {
    const onStolen = reports();
    bank = await startBank(platform, { onStolen });
    const victim = await bank.device().bind();
    const thief = victim.stolen();
    later(700);
    expect((await thief.get('/me')).json()).toMatchObject({ user: 'ada', deviceBound: 'stale' });
    expect(onStolen.mock.calls).toEqual([[{ id: victim.session!.session_identifier, count: 1 }]]);
  });

  it('has no session in the mode enforce once the proof has expired, and the victim keeps its own', async () => {
    const onStolen = reports();
    bank = await startBank(platform, { mode: 'enforce', onStolen });
    const victim = await bank.device().bind();
    const thief = victim.stolen();
    expect((await thief.get('/me')).json()).toMatchObject({ user: 'ada' });
    later(700);
    const answer = await thief.get('/me');
    expect([answer.json(), answer.setCookies]).toEqual([nobody, []]);
    expect((await thief.get('/news')).json()).toEqual({});
    expect(onStolen).toHaveBeenCalledTimes(1);
    expect((await victim.refresh()).status).toBe(200);
    expect(await victim.me()).toEqual({ user: 'ada', isNew: false, deviceBound: 'bound' });
  });

  it('cannot log the victim out, change the session, or keep it alive', async () => {
    bank = await startBank(platform, { mode: 'enforce' }, { options: { idleTimeoutInSeconds: 1800 } });
    const victim = await bank.device().bind();
    const thief = victim.stolen();
    later(700);
    const logout = await thief.post('/logout');
    expect(logout.setCookies).toEqual([]);
    await thief.clone().post('/rotate');
    expect((await victim.refresh()).status).toBe(200);
    expect(await victim.me()).toMatchObject({ user: 'ada', deviceBound: 'bound' });
    later(1000);
    await thief.get('/me');
    later(1000);
    expect((await bank.sessions.findByUser('ada')).length).toBe(0);
  });

  it('cannot make the cookie valid: by the other part, an old one, or one of his own session', async () => {
    bank = await startBank(platform, { mode: 'enforce' });
    const [victim, thief] = [await bank.device().bind('ada'), await bank.device().bind('eve')];
    const own = thief.web.cookie(thief.cookie)!;
    const theirs = victim.web.cookie(victim.cookie)!;
    const forged = [
      own,
      `${theirs.slice(0, -1)}_`,
      theirs.replace(/^d/, 'l'),
      theirs.replace(/^d./, 'dz'),
      '',
    ];
    for (const value of forged) {
      const web = victim.stolen();
      web.setCookie(victim.cookie, value);
      expect((await web.get('/me')).json()).toEqual(nobody);
    }
  });

  it('cannot shut the victim out with cookies planted before the right one', async () => {
    bank = await startBank(platform, { mode: 'enforce' });
    const victim = await bank.device().bind();
    for (const path of ['/m', '/me']) victim.web.setCookie(victim.cookie, 'planted', { path });
    expect(await victim.me()).toMatchObject({ deviceBound: 'bound' });
  });

  it('cannot use the cookie of the login after the time to register', async () => {
    bank = await startBank(platform, { mode: 'enforce' });
    const victim = bank.device();
    const offer = await victim.logIn();
    const thief = victim.stolen();
    const early = thief.cookie(victim.cookie)!;
    await victim.register(offer);
    expect((await thief.get('/me')).json()).toMatchObject({ user: 'ada', deviceBound: 'unbound' });
    later(151);
    thief.setCookie(victim.cookie, early);
    expect((await thief.get('/me')).json()).toEqual(nobody);
  });

  it('cannot register a key for a session that was never bound, because the offer was made at the login', async () => {
    bank = await startBank(platform, { mode: 'enforce' });
    const victim = bank.device();
    await victim.logIn();
    for (const path of ['/me', '/news']) expect(offerIn(await victim.stolen().get(path))).toBeUndefined();
    expect(offerIn(await victim.stolen().post('/note'))).toBeUndefined();
  });

  describe('of a browser that does not know the protocol', () => {
    it('is served with allowUnbound', async () => {
      bank = await startBank(platform, { mode: 'enforce' });
      const victim = bank.device();
      await victim.logIn();
      later(700);
      expect((await victim.stolen().get('/me')).json()).toMatchObject({ user: 'ada' });
    });

    it('has two minutes without it, as the browser itself; a visitor who is not logged in has a session', async () => {
      const onStolen = reports();
      bank = await startBank(platform, { mode: 'enforce', allowUnbound: false, onStolen });
      const victim = bank.device();
      await victim.web.post('/note');
      expect(await victim.me()).toMatchObject({ isNew: false });
      await victim.logIn();
      expect(await victim.me()).toMatchObject({ user: 'ada' });
      later(151);
      expect(await victim.me()).toEqual(nobody);
      expect(onStolen).not.toHaveBeenCalled();
      const browser = await bank.device().bind('bob');
      later(300);
      expect(await browser.me()).toMatchObject({ user: 'bob', deviceBound: 'bound' });
    });
  });

  describe('@RequireDeviceBound()', () => {
    it.each(['observe', 'enforce'] as const)(
      'answers 403 unless the request is bound, in %s',
      async (mode) => {
        bank = await startBank(platform, { mode });
        const browser = bank.device();
        expect((await browser.web.post('/transfer')).status).toBe(403);
        const offer = await browser.logIn();
        expect((await browser.web.post('/transfer')).status).toBe(403);
        await browser.register(offer);
        expect((await browser.web.post('/transfer')).json()).toEqual({ moved: true });
        const thief = browser.stolen();
        later(700);
        expect((await thief.post('/transfer')).status).toBe(403);
        expect((await browser.refresh()).status).toBe(200);
        expect((await browser.web.post('/transfer')).status).toBe(200);
      },
    );

    it('answers 403 in an application that binds nothing', async () => {
      bank = await startBank(platform, {}, { options: { deviceBound: undefined } });
      const browser = bank.device();
      await browser.web.post('/login', {});
      expect((await browser.web.post('/transfer')).status).toBe(403);
    });
  });

  describe('the endpoints', () => {
    it('are reached before guards, CrossSiteGuard and middleware', async () => {
      const seen: string[] = [];
      @Injectable()
      class Nobody implements CanActivate {
        canActivate(context: { switchToHttp(): { getRequest(): { url: string } } }): boolean {
          seen.push(context.switchToHttp().getRequest().url);
          return true;
        }
      }
      bank = await startBank(
        platform,
        { mode: 'enforce' },
        {
          main: (app) => void app.use(strict),
          middleware: (consumer: MiddlewareConsumer) => void consumer.apply(strict).forRoutes('{*path}'),
          providers: [
            { provide: APP_GUARD, useClass: Nobody as never },
            { provide: APP_GUARD, useClass: CrossSiteGuard },
          ],
        },
      );
      const browser = await bank.device().bind();
      browser.forget();
      const asked = await browser.prove(undefined, { headers: { 'sec-fetch-site': 'cross-site' } });
      expect(asked.status).toBe(403);
      expect((await browser.prove(proofOf(browser.keys, challengeIn(asked)))).status).toBe(200);
      expect(new Set(seen)).toEqual(new Set(['/login']));
    });

    it('lie below the path of the cookie, one pair for each registration', async () => {
      bank = await startBank(platform, {}, { options: { cookie: { path: '/bank' } } });
      const { web } = bank.device();
      expect((await web.post('/bank/device-session/refresh')).status).toBe(400);
      expect((await web.post('/device-session/refresh')).status).toBe(404);
    });

    it('can have other paths', async () => {
      const paths = { registration: '/keys/new', refresh: '/keys/proof' };
      bank = await startBank(platform, { paths });
      const browser = bank.device();
      const offer = await browser.logIn();
      expect(offer.path).toBe('/keys/new');
      await browser.register(offer);
      expect(browser.session!.refresh_url).toBe('/keys/proof');
      expect((await browser.refresh()).status).toBe(200);
    });

    it('work with hydrate: interceptor', async () => {
      bank = await startBank(platform, { mode: 'enforce' }, { options: { hydrate: 'interceptor' } });
      const browser = await bank.device().bind();
      expect(await browser.me()).toMatchObject({ deviceBound: 'bound' });
      browser.forget();
      expect(await browser.me()).toEqual(nobody);
      expect((await browser.refresh()).status).toBe(200);
      expect(await browser.me()).toMatchObject({ user: 'ada', deviceBound: 'bound' });
    });
  });

  describe('the keys of the servers', () => {
    const newer = Buffer.alloc(32, 8).toString('base64');
    it('are shared by several servers, and can be replaced without a refresh', async () => {
      const server = await RedisServer.start();
      try {
        const options = {
          store: 'redis',
          host: server.host,
          port: server.port,
          applicationName: 'bank',
        } as const;
        const keep = async (keys: string[], act: () => Promise<void>) => {
          bank = await startBank(platform, { mode: 'enforce', keys }, { options });
          await act();
          await bank.close();
        };
        const jar: { cookies?: [string, string][] } = {};
        const browser = async () => {
          const found = bank.device();
          for (const [name, value] of jar.cookies ?? []) found.web.setCookie(name, value);
          return found.me();
        };
        await keep([KEY], async () => {
          const { web, cookie } = await bank.device().bind();
          jar.cookies = ['sid', cookie].map((name) => [name, web.cookie(name)!]);
        });
        await keep([KEY, newer], async () => expect(await browser()).toMatchObject({ deviceBound: 'bound' }));
        await keep([newer, KEY], async () => expect(await browser()).toMatchObject({ deviceBound: 'bound' }));
        await keep([newer], async () => expect(await browser()).toEqual(nobody));
        bank = await startBank(platform);
      } finally {
        await server.stop();
      }
    });
  });

  it('learns nothing from an error of the store, and the browser keeps its key', async () => {
    const watched = watch(new InMemorySessionStore());
    bank = await startBank(platform, { mode: 'enforce' }, { options: { store: watched.store } });
    const victim = await bank.device().bind();
    watched.before = () => {
      throw new Error('secret detail');
    };
    const { status, text, headers, setCookies } = await victim.prove();
    expect([status, text, headers['cache-control'], setCookies]).toEqual([500, '', 'no-store', []]);
    watched.before = () => undefined;
    expect((await victim.refresh()).status).toBe(200);
  });

  describe('while Redis is away', () => {
    it('cannot be told from a browser: registration and refresh answer 503, and work when it is back', async () => {
      const server = await RedisServer.start();
      const { host, port } = server;
      const impatient = { operationTimeoutInMilliseconds: 300, retryTimeoutInMilliseconds: 0 };
      const options = { store: 'redis', host, port, ...impatient } as const;
      bank = await startBank(platform, { mode: 'enforce' }, { options });
      const browser = bank.device();
      const bound = await bank.device().bind('bob');
      const offer = await browser.logIn();
      server.freeze();
      const [registration, refresh] = await Promise.all([browser.register(offer), bound.prove()]);
      server.thaw();
      for (const { status, headers, setCookies } of [registration, refresh])
        expect([status, headers['retry-after'], setCookies]).toEqual([503, '1', []]);
      expect((await bound.refresh()).status).toBe(200);
      await server.stop();
    });
  });
});
