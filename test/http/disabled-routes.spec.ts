import { afterEach, describe, expect, it } from '@jest/globals';
import {
  All,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  type INestApplication,
  Param,
  Post,
  Req,
  RequestMethod,
  type Type,
  UseGuards,
  Version,
  VersioningType,
} from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { Router } from 'express';
import { Session, sessionFromContext, SessionState, type SessionType } from 'nestjs-redis-session';
import type { Browser } from '../support/http-browser.js';
import { eventually } from '../support/eventually.js';
import { type HttpApp, type HttpAppSetup, platforms, startApp } from './http-app.js';
import { startProxiedApp } from './proxied-app.js';
import { RecordingStore } from './recording.store.js';
import { type Shop, ShopController } from './shop.controller.js';

interface Seen {
  session?: SessionType<Shop> | null;
}

const passOn = (_request: unknown, _response: unknown, next: () => void): void => next();

function withPrefix(nest: INestApplication): void {
  nest.setGlobalPrefix('api', { exclude: [{ path: 'open', method: RequestMethod.GET }] });
}

const typeIn = ({ session }: Seen): string => typeof session;

@Controller('status')
class StatusController {
  @Get()
  @SessionState('disabled')
  show(@Req() request: Seen): string {
    return typeIn(request);
  }

  @Get('of/:part')
  @SessionState('disabled')
  part(@Param('part') part: string, @Req() request: Seen): string {
    return `${part}: ${typeIn(request)}`;
  }

  @All('any')
  @HttpCode(200)
  @SessionState('disabled')
  any(@Req() request: Seen): string {
    return typeIn(request);
  }

  @Get('cart')
  cart(@Session() session: Session<Shop>): object {
    return { item: session.item };
  }

  @Get('seen')
  seen(@Req() request: Seen): string {
    return typeIn(request);
  }
}

@Controller('open')
@SessionState('disabled')
class OpenController {
  @Get()
  show(@Req() request: Seen): string {
    return typeIn(request);
  }

  @Get('cart')
  @SessionState('read-only')
  cart(@Session() session: Session<Shop>): object {
    return { item: session.item };
  }
}

describe.each(platforms)('a route of state disabled, on %s', (platform) => {
  const store = new RecordingStore();
  let app: HttpApp;
  let browser: Browser;
  afterEach(() => app.close());

  async function start(setup: HttpAppSetup): Promise<void> {
    app = await startApp(platform, {
      ...setup,
      controllers: [ShopController, ...(setup.controllers ?? [])],
      options: { store, ...setup.options },
    });
    browser = app.browser();
    await browser.post(`${setup.main === withPrefix ? '/api' : ''}/session`, { item: 'tea' });
    store.take();
  }

  /** What a request answers, and the calls of the store that it caused. */
  async function get(path: string, headers: Record<string, string> = {}): Promise<unknown[]> {
    store.take();
    const answer = await browser.request('GET', path, { headers });
    expect(answer.setCookies).toEqual([]);
    return [answer.status, answer.text, ...store.take()];
  }

  it('loads nothing, whether the handler or the controller says so', async () => {
    await start({ controllers: [StatusController, OpenController] });
    expect(await get('/status')).toEqual([200, 'undefined']);
    expect(await get('/status?x=1#y')).toEqual([200, 'undefined']);
    expect(await get('/status/of/db')).toEqual([200, 'db: undefined']);
    expect(await get('/status/any')).toEqual([200, 'undefined']);
    expect(await get('/open')).toEqual([200, 'undefined']);
  });

  it('loads nothing for HEAD', async () => {
    await start({ controllers: [StatusController] });
    expect((await browser.request('HEAD', '/status')).status).toBe(200);
    expect((await browser.request('HEAD', '/status/of/db')).status).toBe(200);
    expect(store.take()).toEqual([]);
  });

  it('leaves the other routes beside it their session', async () => {
    await start({ controllers: [StatusController, OpenController] });
    expect(await get('/status/cart')).toEqual([200, '{"item":"tea"}', 'load', 'touch']);
    expect(await get('/open/cart')).toEqual([200, '{"item":"tea"}', 'load', 'touch']);
  });

  it('is found behind a global prefix, and where that is left out', async () => {
    await start({ controllers: [StatusController, OpenController], main: withPrefix });
    expect(await get('/api/status')).toEqual([200, 'undefined']);
    expect(await get('/open')).toEqual([200, 'undefined']);
    expect(await get('/api/open/cart')).toEqual([200, '{"item":"tea"}', 'load', 'touch']);
  });

  it.each([
    [
      'NestJS binds',
      (setup: HttpAppSetup) =>
        void (setup.middleware = (consumer) => void consumer.apply(passOn).forRoutes('*path')),
    ],
    ['main.ts adds', (setup: HttpAppSetup) => void (setup.main = (nest) => void nest.use(passOn))],
  ])('loads nothing if there is middleware that %s', async (_, add) => {
    const setup: HttpAppSetup = { controllers: [StatusController] };
    add(setup);
    await start(setup);
    expect(await get('/status')).toEqual([200, 'undefined']);
    expect(await get('/status/of/db')).toEqual([200, 'db: undefined']);
    expect(await get('/status/cart')).toEqual([200, '{"item":"tea"}', 'load', 'touch']);
  });

  @Controller('versioned')
  class VersionedController {
    @Get()
    @Version('1')
    @SessionState('disabled')
    one(@Req() request: Seen): string {
      return `1: ${typeIn(request)}`;
    }

    @Get()
    @Version('2')
    two(@Req() request: Seen): string {
      return `2: ${typeIn(request)}`;
    }
  }

  it('is found by the version in its path', async () => {
    await start({
      controllers: [VersionedController],
      main: (nest) => void nest.enableVersioning({ type: VersioningType.URI }),
    });
    expect(await get('/v1/versioned')).toEqual([200, '1: undefined']);
    expect(await get('/v2/versioned')).toEqual([200, '2: object', 'load', 'touch']);
  });

  it('gives no session, and other versions theirs, by a version in a header', async () => {
    await start({
      controllers: [VersionedController],
      main: (nest) => void nest.enableVersioning({ type: VersioningType.HEADER, header: 'accept-version' }),
    });
    expect((await get('/versioned', { 'accept-version': '1' })).slice(0, 2)).toEqual([200, '1: undefined']);
    expect(await get('/versioned', { 'accept-version': '2' })).toEqual([200, '2: object', 'load', 'touch']);
  });

  class BaseController {
    @Get()
    show(@Req() request: Seen): string {
      return typeIn(request);
    }
  }

  @Controller('closed')
  class ClosedController extends BaseController {}

  @Controller('public')
  @SessionState('disabled')
  class PublicController extends BaseController {}

  it('has the state of its own controller, if two inherit the handler', async () => {
    await start({ controllers: [ClosedController, PublicController] });
    expect(await get('/closed')).toEqual([200, 'object', 'load', 'touch']);
    expect((await get('/public')).slice(0, 2)).toEqual([200, 'undefined']);
  });

  it('may be what the option sessionState says', async () => {
    @Controller('stated')
    class StatedController {
      @Get()
      @SessionState('read-write')
      show(@Session() session: Session<Shop>): boolean {
        return session.isNew;
      }
    }
    store.take();
    app = await startApp(platform, {
      controllers: [StatusController, StatedController],
      options: { store, sessionState: 'disabled' },
    });
    browser = app.browser();
    browser.setCookie('sid', `${'a'.repeat(22)}.${'b'.repeat(43)}`);
    expect((await get('/status/cart'))[0]).toBe(500);
    expect(await get('/status')).toEqual([200, 'undefined']);
    expect(await get('/stated')).toEqual([200, 'true', 'load']);
  });

  it('tells a guard that there is no session', async () => {
    const caught: unknown[] = [];
    class Members implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        try {
          return sessionFromContext<Shop>(context).item === 'tea';
        } catch (error) {
          caught.push((error as { code: string }).code);
          return false;
        }
      }
    }
    @Controller('members')
    @UseGuards(Members)
    class MembersController {
      @Get()
      @SessionState('disabled')
      show(): string {
        return 'shown';
      }

      @Get('cart')
      cart(): string {
        return 'shown';
      }
    }
    await start({ controllers: [MembersController] });
    expect((await get('/members'))[0]).toBe(403);
    expect(caught).toEqual(['SESSION_MISSING']);
    expect((await get('/members/cart')).slice(0, 2)).toEqual([200, 'shown']);
  });

  describe.each(platform === 'express' ? ['middleware'] : ['middleware', 'hooks'])(
    'for what runs before the handler: %s',
    (kind) => {
      let seen: (request: Seen) => unknown;
      const looking = (request: Seen, _response: unknown, next: () => void): void => {
        seen(request);
        next();
      };
      const look = (nest: INestApplication): void => {
        if (kind === 'middleware') return void nest.use(looking);
        const fastify = nest.getHttpAdapter().getInstance() as { addHook(name: string, hook: unknown): void };
        fastify.addHook('onRequest', looking);
      };

      it('is an empty session that is never stored', async () => {
        const items: unknown[] = [];
        seen = ({ session }) => {
          items.push(session!.item);
          session!.item = 'coffee';
        };
        await start({ controllers: [StatusController], main: look });
        expect(await get('/status')).toEqual([200, 'undefined']);
        expect(items.at(-1)).toBe(undefined);
        seen = () => undefined;
        expect(await get('/status/cart')).toEqual([200, '{"item":"tea"}', 'load', 'touch']);
      });

      it.each([
        ['destroy()', ({ session }: Seen) => session!.destroy()],
        ['regenerate()', ({ session }: Seen) => session!.regenerate()],
        ['null', (request: Seen) => void (request.session = null)],
      ])('is no logout that only seems to succeed: %s', async (_how, end) => {
        let failure: unknown;
        seen = () => undefined;
        await start({ controllers: [StatusController], main: look });
        const ended: Promise<unknown>[] = [];
        seen = (request) => {
          const fails = async (): Promise<unknown> => end(request);
          ended.push(fails().catch((error: unknown) => (failure = error)));
        };
        const answer = await browser.get('/status');
        await Promise.all(ended);
        expect(failure).toMatchObject({
          code: 'SESSION_MISSING',
          message: expect.stringContaining('"disabled"'),
        });
        expect(answer.setCookies).toEqual([]);
        seen = () => undefined;
        expect((await get('/status/cart')).slice(0, 2)).toEqual([200, '{"item":"tea"}']);
      });
    },
  );
});

describe.each(platforms)('a route of state disabled and Redis, on %s', (platform) => {
  it('costs no command, and works while Redis is away; so do HEAD, OPTIONS and 404', async () => {
    const { app, proxy, server, stop } = await startProxiedApp(platform, {
      controllers: [ShopController, StatusController],
      options: {},
    });
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    await server.resetStats();
    expect((await browser.get('/status')).status).toBe(200);
    expect((await browser.get('/session')).status).toBe(200);
    // The commands of one connection are carried out in order: one of the first request would have been counted by now.
    await eventually(async () => expect(await server.commandStats()).toMatchObject({ hgetall: 1 }));
    await proxy.goAway();
    expect((await browser.get('/session')).status).toBe(503);
    expect((await browser.get('/status')).text).toBe('undefined');
    expect((await browser.request('HEAD', '/status')).status).toBe(200);
    expect((await browser.request('OPTIONS', '/status')).status).toBe(404);
    expect((await browser.get('/nowhere')).status).toBe(404);
    await stop();
  });
});

describe('a route of state disabled that may not be the last one, on express', () => {
  const store = new RecordingStore();
  let app: HttpApp;
  afterEach(() => app.close());

  async function visit(
    path: string,
    controllers: Type[],
    main: HttpAppSetup['main'] = () => undefined,
    headers = {},
  ): Promise<unknown[]> {
    app = await startApp('express', {
      controllers: [ShopController, ...controllers],
      options: { store },
      main,
    });
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    store.take();
    const { status, text } = await browser.request('GET', path, { headers });
    return [status, text, ...store.take()];
  }

  @Controller({ host: 'status.example.com' })
  @SessionState('disabled')
  class StatusHostController {
    @Get('home')
    home(): string {
      return 'status';
    }
  }

  @Controller()
  class HomeController {
    @Get('home')
    home(@Session() session: Session<Shop>): object {
      return { item: session.item };
    }

    @Post('home')
    @SessionState('disabled')
    change(): string {
      return 'changed';
    }
  }

  it('loads the session for the handler of another host', async () => {
    expect(await visit('/home', [StatusHostController, HomeController])).toEqual([
      200,
      '{"item":"tea"}',
      'load',
      'touch',
    ]);
  });

  @Controller()
  class CatchAllController {
    @Get('*path')
    @SessionState('disabled')
    page(): string {
      return 'page';
    }
  }

  it('loads the session for an earlier handler of the same path', async () => {
    expect(await visit('/home', [HomeController, CatchAllController])).toEqual([
      200,
      '{"item":"tea"}',
      'load',
      'touch',
    ]);
  });

  it('loads the session for a router that is mounted before it', async () => {
    const routes = Router();
    routes.get(
      '/old/cart',
      (request, response) => void response.send({ item: (request as Seen).session!.item }),
    );
    const mounted = await visit('/old/cart', [CatchAllController], (nest) => void nest.use(routes));
    expect(mounted).toEqual([200, '{"item":"tea"}', 'load', 'touch']);
    await app.close();
    const below = await visit(
      '/site/old/cart',
      [CatchAllController],
      (nest) => void nest.use('/site', routes),
    );
    expect(below).toEqual([200, '{"item":"tea"}', 'load', 'touch']);
  });

  it('loads nothing if middleware for all paths, or for its own, passes the request on', async () => {
    app = await startApp('express', {
      controllers: [ShopController, StatusController],
      options: { store },
      main: (nest) => void nest.use(passOn),
      middleware: (consumer) => void consumer.apply(passOn).forRoutes('status'),
    });
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    store.take();
    expect((await browser.get('/status')).text).toBe('undefined');
    expect(store.take()).toEqual([]);
  });

  it.each([
    ['@Session()', '/status/cart', 500],
    ['request.session', '/status/seen', 200],
  ])(
    'gives no session to another handler that middleware rewrote the path to: %s',
    async (_, path, status) => {
      const rewritten = await visit(
        '/status',
        [StatusController],
        (nest) =>
          void nest.use((request: { url: string }, _response: unknown, next: () => void) => {
            if (request.url === '/status') request.url = path;
            next();
          }),
      );
      expect(rewritten[0]).toBe(status);
      // Not an empty session, which would look like that of a new visitor.
      expect(rewritten[1]).toMatch(/^undefined$|Internal server error/i);
      expect(rewritten.slice(2)).toEqual([]);
    },
  );
});

describe('a route of state disabled behind middleware, on fastify', () => {
  it.each(['before', 'after'])(
    'leaves the hook of the adapter to the application: set %s the middleware',
    async (when) => {
      const store = new RecordingStore();
      const seen: string[] = [];
      const setHook = (nest: INestApplication): void =>
        (nest.getHttpAdapter() as unknown as FastifyAdapter).setOnRequestHook(
          (request: { url: string }, _reply: unknown, done: () => void) => {
            seen.push(request.url);
            done();
          },
        );
      const app = await startApp('fastify', {
        controllers: [StatusController],
        options: { store },
        main: (nest) => {
          if (when === 'before') setHook(nest);
          nest.use(passOn);
          if (when === 'after') setHook(nest);
        },
      });
      const browser = app.browser();
      browser.setCookie('sid', `${'a'.repeat(22)}.${'b'.repeat(43)}`);
      expect((await browser.get('/status')).text).toBe('undefined');
      expect(store.take()).toEqual([]);
      expect(seen).toEqual(['/status']);
      await app.close();
    },
  );
});
