import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Injectable,
  Req,
  Res,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { Session, SessionInterceptor, SessionMissingError } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { type Shop, ShopController } from './shop.controller.js';

@Catch(SessionMissingError)
class WhyFilter implements ExceptionFilter {
  catch({ code, message }: SessionMissingError, host: ArgumentsHost): void {
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: object): void } }>();
    response.status(500).send({ code, message });
  }
}

@Injectable()
class LoggedInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<{ session: Shop }>().session.user !== undefined;
  }
}

@Injectable()
class LenientGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Controller('guarded')
class GuardedController {
  @Get()
  @UseGuards(LoggedInGuard)
  @UseFilters(WhyFilter)
  guarded(): string {
    return 'never reached';
  }

  @Get('lenient')
  @UseGuards(LenientGuard)
  lenient(@Session('item') item: string): string {
    return item;
  }

  @Get('raw')
  raw(@Req() request: { session: Shop }, @Res() response: { send(body: string): void }): void {
    request.session.item = 'written';
    response.send('sent');
  }
}

describe.each(platforms)("with hydrate: 'interceptor', on %s", (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  let browser: Browser;

  beforeAll(async () => {
    server = await RedisServer.start();
    app = await startApp(platform, {
      controllers: [ShopController, GuardedController],
      options: { store: 'redis', port: server.port, hydrate: 'interceptor' },
      main: (nest) => {
        nest.use('/static', (_request: unknown, response: { end(body: string): void }) =>
          response.end('a file'),
        );
        nest.use('/middleware', (request: { session: Shop }, response: { end(body: string): void }) => {
          try {
            response.end(request.session.user);
          } catch (error) {
            response.end((error as Error).message);
          }
        });
      },
    });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });
  beforeEach(async () => {
    browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    await eventually(async () => (await server.commandStats()).evalsha !== undefined);
  });

  it('handlers have their session, which is stored', async () => {
    expect((await browser.get('/session')).json()).toMatchObject({
      isNew: false,
      attributes: { item: 'tea' },
    });
    expect((await browser.get('/guarded/raw')).text).toBe('sent');
    expect((await browser.get('/guarded/lenient')).text).toBe('written');
  });

  it('a new visitor gets a session if a handler writes to it', async () => {
    const visitor = app.browser();
    expect((await visitor.get('/guarded/raw')).setCookies).toHaveLength(1);
    expect((await visitor.get('/session')).json().attributes).toEqual({ item: 'written' });
  });

  it('a guard that reads request.session gets an error with the reason', async () => {
    const answer = (await browser.get('/guarded')).json();
    expect(answer.code).toBe('SESSION_MISSING');
    expect(answer.message).toMatch(
      /hydrate is "interceptor".*guards run before interceptors.*Set hydrate to "request"/,
    );
  });

  it('middleware that reads it gets the same error', async () => {
    expect((await browser.get('/middleware')).text).toMatch(
      /hydrate is "interceptor".*Set hydrate to "request"/,
    );
  });

  it.each([
    ['a static file', '/static/file', 200],
    ['a 404', '/nowhere', 404],
    ['a request that a guard refused', '/guarded', 500],
  ])('%s sends no command to Redis', async (_what, path, status) => {
    await eventually(async () => (await server.commandStats()).pexpire !== undefined);
    await server.resetStats();
    expect((await browser.get(path)).status).toBe(status);
    expect(Object.keys(await server.commandStats())).not.toContain('hgetall');
  });
});

@Controller('counted')
@UseInterceptors(SessionInterceptor)
class CountedController {
  @Get()
  count(@Session() session: Session<Shop>): number {
    return (session.visits = (session.visits ?? 0) + 1);
  }
}

describe.each(platforms)('@UseInterceptors(SessionInterceptor), on %s', (platform) => {
  it.each(['request', 'interceptor'] as const)(
    'provides the session of a route, with hydrate: %s',
    async (hydrate) => {
      const app = await startApp(platform, { controllers: [CountedController], options: { hydrate } });
      const browser = app.browser();
      expect((await browser.get('/counted')).json()).toBe(1);
      expect((await browser.get('/counted')).json()).toBe(2);
      expect((await browser.get('/counted')).setCookies).toEqual([]);
      await app.close();
    },
  );
});
