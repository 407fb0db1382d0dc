import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  type INestApplication,
  Inject,
  Injectable,
  Logger,
  Module,
  Req,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  getRedisSessionOptionsToken,
  InMemorySessionStore,
  RedisSessionModule,
  RedisSessionOptions,
  Session,
  SessionMissingError,
  SessionState,
  SessionStore,
  UseSession,
} from 'nestjs-redis-session';
import { freePort } from '../support/free-port.js';
import { Browser } from '../support/http-browser.js';
import { uniqueName } from '../support/unique-name.js';
import { type Platform, platforms } from './http-app.js';

interface Shop {
  visits: number;
}

@Controller()
@SessionState('read-only')
class ShopController {
  @Get('visits')
  visits(@Session() session: Session<Shop>) {
    return { visits: session.visits ?? 0 };
  }

  @Get('raw')
  raw(@Req() request: { session: Session<Shop> }) {
    return { visits: request.session.visits };
  }

  @Get('count')
  @SessionState('read-write')
  count(@Session() session: Session<Shop>) {
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  }

  @Get('health')
  @SessionState('disabled')
  health() {
    return { ok: true };
  }
}

@Controller('used')
class UsedController {
  @Get('visits')
  @UseSession()
  visits(@Session('visits') visits: number) {
    return { visits };
  }

  @Get('attribute')
  attribute(@Session('visits') visits: number) {
    return { visits };
  }
}

const adapterOf = (platform: Platform) =>
  platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();

describe('a controller in a test that does not import the module', () => {
  it('can be created, and its methods accept any object as a session', async () => {
    const module = await Test.createTestingModule({
      controllers: [ShopController, UsedController],
    }).compile();
    const controller = module.get(ShopController);
    expect(controller.visits({ visits: 3 } as Session<Shop>)).toEqual({ visits: 3 });
    expect(controller.count({ visits: 3 } as Session<Shop>)).toEqual({ visits: 4 });
    expect(module.get(UsedController).visits(5)).toEqual({ visits: 5 });
  });
});

describe.each(platforms)('an application that does not import the module, on %s', (platform) => {
  let app: INestApplication;
  let logged: jest.Spied<Logger['error']>;
  const caught: unknown[] = [];

  beforeEach(async () => {
    logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    caught.length = 0;
    const module = await Test.createTestingModule({
      controllers: [ShopController, UsedController],
    }).compile();
    app = module.createNestApplication(adapterOf(platform));
    app.useGlobalFilters({
      catch(error, host) {
        caught.push(error);
        app.getHttpAdapter().reply(host.switchToHttp().getResponse(), 'failed', 500);
      },
    });
    await app.listen(0, '127.0.0.1');
  });
  afterEach(async () => {
    logged.mockRestore();
    await app.close();
  });

  it.each(['/visits', '/raw', '/count', '/used/visits', '/used/attribute'])(
    'answers with a SessionMissingError that says what to import: %s',
    async (path) => {
      const answer = await new Browser(await app.getUrl()).get(path);
      expect(answer.status).toBe(500);
      expect(caught).toEqual([expect.any(SessionMissingError)]);
      expect(String(caught[0])).toMatch(/this application does not import (the module|RedisSessionModule)\b/);
    },
  );

  it('serves routes with the state "disabled"', async () => {
    expect((await new Browser(await app.getUrl()).get('/health')).json()).toEqual({ ok: true });
  });

  it('is reported at the start', () => {
    expect(logged.mock.calls.map(([message]) => message as string)).toEqual([
      'There is no session: @SessionState() is used, but this application does not import RedisSessionModule. Add RedisSessionModule.forRoot() to the imports of its root module (in a test: RedisSessionModule.forRoot({ store: "memory" })).',
    ]);
  });
});

@Injectable()
class Settings {
  @Inject(RedisSessionOptions) readonly options!: RedisSessionOptions;
}

async function twoVisits(browser: Browser, path = '/count'): Promise<unknown[]> {
  return [(await browser.get(path)).json(), (await browser.get(path)).json()];
}
const counted = [{ visits: 1 }, { visits: 2 }];

describe.each(platforms)('a test that changes what the application imports, on %s', (platform) => {
  let app: INestApplication;
  afterEach(() => app.close());

  async function start(testing: ReturnType<typeof Test.createTestingModule>): Promise<Browser> {
    const module = await testing.compile();
    app = module.createNestApplication(adapterOf(platform));
    await app.listen(0, '127.0.0.1');
    return new Browser(await app.getUrl());
  }
  // Nothing listens on this port, so every operation would fail.
  const redis = { host: '127.0.0.1', connectionTimeoutInMilliseconds: 200, cookie: { name: 'shop' } };

  it('overrideProvider(RedisSessionOptions) replaces some options and keeps the others', async () => {
    @Module({
      imports: [RedisSessionModule.forRoot({ ...redis, port: await freePort() })],
      controllers: [ShopController],
      providers: [Settings],
    })
    class AppModule {}
    const testing = Test.createTestingModule({ imports: [AppModule] });
    const browser = await start(testing.overrideProvider(RedisSessionOptions).useValue({ store: 'memory' }));
    expect(await twoVisits(browser)).toEqual(counted);
    expect(browser.cookie('shop')).toBeDefined();
    expect(app.get(SessionStore)).toBeInstanceOf(InMemorySessionStore);
  });

  it('does so for options of forRootAsync(), and for each of several registrations', async () => {
    @Controller('admin')
    class AdminController {
      @Get('count')
      count(@Session() session: Session<Shop>) {
        session.visits = (session.visits ?? 0) + 1;
        return { visits: session.visits };
      }
    }
    const port = await freePort();
    @Module({
      imports: [
        RedisSessionModule.forRootAsync({ useFactory: () => ({ ...redis, port }) }),
        RedisSessionModule.forRoot({
          ...redis,
          port,
          name: 'admin',
          forRoutes: ['admin'],
          cookie: { name: 'admin' },
        }),
      ],
      controllers: [ShopController, AdminController],
    })
    class AppModule {}
    const testing = Test.createTestingModule({ imports: [AppModule] });
    const browser = await start(testing.overrideProvider(RedisSessionOptions).useValue({ store: 'memory' }));
    expect(await twoVisits(browser)).toEqual(counted);
    expect(await twoVisits(browser, '/admin/count')).toEqual(counted);
    expect([browser.cookie('shop'), browser.cookie('admin')]).toEqual([
      expect.any(String),
      expect.any(String),
    ]);
    expect(app.get(getRedisSessionOptionsToken('admin'))).toBeDefined();
  });

  it('overrideProvider(RedisSessionOptions) with invalid options fails the start with their faults', async () => {
    const good = await Test.createTestingModule({
      imports: [RedisSessionModule.forRoot({ store: 'memory' })],
    }).compile();
    app = good.createNestApplication(adapterOf(platform));
    const testing = Test.createTestingModule({ imports: [RedisSessionModule.forRoot({ ...redis })] });
    const wrong = testing.overrideProvider(RedisSessionOptions).useValue({ store: 'memry' });
    await expect(wrong.compile()).rejects.toMatchObject({
      code: 'SESSION_OPTIONS',
      faults: [expect.stringContaining('store (REDIS_SESSION_STORE) is "memry"')],
    });
  });

  it('overrideModule() replaces a registration, if it is given what was imported', async () => {
    const sessions = RedisSessionModule.forRoot({ ...redis, port: await freePort() });
    @Module({ imports: [sessions], controllers: [ShopController] })
    class AppModule {}
    const replacement = RedisSessionModule.forRoot({
      store: 'memory',
      applicationName: uniqueName('override'),
      cookie: { name: 'other' },
    });
    const testing = Test.createTestingModule({ imports: [AppModule] });
    const browser = await start(testing.overrideModule(sessions).useModule(replacement));
    expect(await twoVisits(browser)).toEqual(counted);
    expect(browser.cookie('other')).toBeDefined();
  });
});
