import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Req, type INestApplication } from '@nestjs/common';
import { Session, type RedisSessionModuleOptions } from 'nestjs-redis-session';
import { platforms, startApp, type HttpApp } from './http-app.js';

interface Visit {
  visits?: number;
}

interface VisitRequest {
  session?: Session<Visit>;
}

@Controller(['shop', 'shopping', '/'])
class VisitController {
  @Post(['', 'visits'])
  count(@Req() { session }: VisitRequest): { visits: number | null } {
    if (session === undefined) return { visits: null };
    return { visits: (session.visits = (session.visits ?? 0) + 1) };
  }

  @Get('strict')
  strict(@Session('visits') visits: number | undefined): { visits: number } {
    return { visits: visits ?? 0 };
  }
}

describe.each(platforms)('a cookie with a path, on %s', (platform) => {
  let app: HttpApp;
  afterEach(() => app.close());

  async function visits(target: string): Promise<[number | null, number]> {
    const { status, setCookies, json } = await app.browser().post(target);
    expect(status).toBe(201);
    return [json().visits, setCookies.length];
  }

  async function start(
    path: string,
    options: RedisSessionModuleOptions = {},
    main?: (app: INestApplication) => void,
  ): Promise<void> {
    app = await startApp(platform, {
      controllers: [VisitController],
      options: { cookie: { path }, ...options },
      ...(main && { main }),
    });
  }

  it.each(['request', 'interceptor'] as const)(
    'provides sessions at the path and below it (%s)',
    async (hydrate) => {
      await start('/shop', { hydrate });

      expect(await visits('/shop')).toEqual([1, 1]);
      expect(await visits('/shop?a=b')).toEqual([1, 1]);
      expect(await visits('/shop/visits')).toEqual([1, 1]);
    },
  );

  it.each(['request', 'interceptor'] as const)(
    'provides no session and no cookie elsewhere (%s)',
    async (hydrate) => {
      await start('/shop', { hydrate });

      expect(await visits('/')).toEqual([null, 0]);
      expect(await visits('/visits?/shop')).toEqual([null, 0]);
      expect(await visits('/shopping')).toEqual([null, 0]);
      expect((await app.browser().get('/strict')).status).toBe(500);
    },
  );

  it('is ignored when it is sent to another path', async () => {
    await start('/shop');
    const visitor = app.browser();
    await visitor.post('/shop');
    visitor.setCookie('sid', visitor.cookie('sid')!, { path: '/' });

    expect((await visitor.post('/visits')).json()).toEqual({ visits: null });
    expect((await visitor.post('/shop')).json()).toEqual({ visits: 2 });
  });

  it('provides no session to middleware elsewhere', async () => {
    await start('/shop', { cookie: { path: '/shop', persistent: true } }, (nest) =>
      nest.use((request: VisitRequest, _response: unknown, next: () => void) => {
        if (request.session) request.session.visits = 10;
        next();
      }),
    );

    expect(await visits('/visits')).toEqual([null, 0]);
    expect(await visits('/shop')).toEqual([11, 1]);
  });

  it('does not apply if a header carries the credential', async () => {
    await start('/shop', { header: { name: 'x-session' } });

    expect(await visits('/visits')).toEqual([1, 0]);
  });
});
