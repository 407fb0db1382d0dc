import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module, Post, Req, RequestMethod } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  getRedisSessionOptionsToken,
  getSessionRepositoryToken,
  getSessionStoreToken,
  RedisSessionModule,
  RedisSessionOptions,
  Session,
  SessionRepository,
  SessionState,
  type RedisSessionModuleExtras,
  type RedisSessionModuleOptions,
  sessionFromContext,
  type SessionStore,
} from 'nestjs-redis-session';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { platforms, startNest, type NestApp } from './nest-app.js';

interface Visitor {
  name: string;
}

@Controller()
class ShopController {
  @Post('login')
  login(@Session() session: Session<Visitor>): string {
    return (session.name = 'customer');
  }

  @Get('me')
  me(@Session('name') name: string | undefined): { name: string | null } {
    return { name: name ?? null };
  }

  @Get('administration')
  administration(@Session('name') name: string | undefined): { name: string | null } {
    return { name: name ?? null };
  }
}

@Controller('admin')
class AdminController {
  @Post('login')
  login(@Session() session: Session<Visitor>): string {
    return (session.name = 'clerk');
  }

  @Get('me')
  me(@Session('name') name: string | undefined): { name: string | null } {
    return { name: name ?? null };
  }

  @Post('look')
  @SessionState('read-only')
  look(@Session() session: Session<Visitor>): string {
    return (session.name = 'nobody');
  }

  @Post('logout')
  async logout(@Session() session: Session<Visitor>): Promise<void> {
    await session.destroy();
  }
}

@Controller('health')
class HealthController {
  @Get()
  health(@Req() request: { session?: Session<Visitor> }): string {
    return JSON.stringify(request.session ?? 'no session');
  }
}

@Injectable()
class Registry {
  constructor(
    readonly sessions: SessionRepository,
    @Inject(getSessionRepositoryToken('admin')) readonly adminSessions: SessionRepository,
    @Inject(getSessionStoreToken()) readonly store: SessionStore,
    @Inject(getSessionStoreToken('admin')) readonly adminStore: SessionStore,
    readonly options: RedisSessionOptions,
    @Inject(getRedisSessionOptionsToken('admin')) readonly adminOptions: RedisSessionOptions,
  ) {}
}

const controllers = [ShopController, AdminController, HealthController];
type Registration = RedisSessionModuleOptions & RedisSessionModuleExtras;

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

describe.each(platforms)('two registrations in one application on %s', (platform) => {
  let app: NestApp;
  let shopName: string;
  let adminName: string;
  afterEach(() => app.close());

  async function start(...registrations: Registration[]): Promise<Browser> {
    const imports = registrations.map((options) => RedisSessionModule.forRoot(options));
    app = await startNest(platform, { imports, controllers, providers: [Registry] });
    return app.browser();
  }

  function shop(extras: Partial<Registration> = {}): Registration {
    shopName = uniqueName('shop');
    return { connectionString: redis.url, applicationName: shopName, ...extras };
  }

  function admin(extras: Partial<Registration> = {}): Registration {
    adminName = uniqueName('admin');
    const routes = { forRoutes: ['admin'], cookie: { name: 'admin' } };
    return { name: 'admin', connectionString: redis.url, applicationName: adminName, ...routes, ...extras };
  }

  const orders: [string, () => Registration[]][] = [
    ['the registration for all routes first', () => [shop(), admin()]],
    ['the registration for some routes first', () => [admin(), shop()]],
  ];

  describe.each(orders)('(%s)', (_order, registrations) => {
    it('provides the session of the registration that matches a route', async () => {
      const visitor = await start(...registrations());

      const { setCookies: ours } = await visitor.post('/login');
      const { setCookies: theirs } = await visitor.post('/admin/login');

      expect([...ours, ...theirs].map(({ name }) => name)).toEqual(['sid', 'admin']);
      expect((await visitor.get('/me')).json()).toEqual({ name: 'customer' });
      expect((await visitor.get('/admin/me')).json()).toEqual({ name: 'clerk' });
    });

    it('applies a path to everything below it, but not to other paths with the same prefix', async () => {
      const visitor = await start(...registrations());
      await visitor.post('/login');

      expect((await visitor.get('/administration')).json()).toEqual({ name: 'customer' });
      expect((await visitor.get('/admin/me?from=/me')).json()).toEqual({ name: null });
    });
  });

  it('stores the sessions of each registration under separate keys', async () => {
    const visitor = await start(shop(), admin());
    await visitor.post('/login');
    await visitor.post('/admin/login');

    const keys = (await redis.admin.keys(`{${shopName}_*`)).concat(await redis.admin.keys(`{${adminName}_*`));
    const ids = [visitor.cookie('sid')!, visitor.cookie('admin')!].map((cookie) => cookie.split('.')[0]);
    expect(keys).toEqual([`{${shopName}_${ids[0]}}_Data`, `{${adminName}_${ids[1]}}_Data`]);
  });

  it('does not accept the credential of one registration in the other', async () => {
    const visitor = await start(shop(), admin());
    await visitor.post('/login');
    visitor.setCookie('admin', visitor.cookie('sid')!);

    expect((await visitor.get('/admin/me')).json()).toEqual({ name: null });
  });

  it('ends a session of one registration without affecting the other', async () => {
    const visitor = await start(shop(), admin());
    await visitor.post('/login');
    await visitor.post('/admin/login');

    await visitor.post('/admin/logout');

    expect((await visitor.get('/admin/me')).json()).toEqual({ name: null });
    expect((await visitor.get('/me')).json()).toEqual({ name: 'customer' });
  });

  it('applies the state of a route to the session of its registration', async () => {
    const visitor = await start(shop(), admin());
    await visitor.post('/admin/login');

    expect((await visitor.post('/admin/look')).status).toBe(500);
    expect((await visitor.get('/admin/me')).json()).toEqual({ name: 'clerk' });
  });

  it.each(['request', 'interceptor'] as const)(
    'loads the sessions of each registration by its own hydrate option (%s)',
    async (hydrate) => {
      const visitor = await start(shop({ hydrate: 'interceptor' }), admin({ hydrate }));
      await visitor.post('/login');
      await visitor.post('/admin/login');

      expect((await visitor.get('/me')).json()).toEqual({ name: 'customer' });
      expect((await visitor.get('/admin/me')).json()).toEqual({ name: 'clerk' });
    },
  );

  it('provides the repository, the store and the options of each registration under separate tokens', async () => {
    const visitor = await start(shop(), admin());
    await visitor.post('/login');
    const [id] = visitor.cookie('sid')!.split('.');
    const registry = app.app.get(Registry);

    expect(await registry.sessions.find<Visitor>(id!)).toMatchObject({ name: 'customer' });
    expect(await registry.adminSessions.find(id!)).toBeUndefined();
    expect(await registry.store.load(id!)).toMatchObject({ id });
    expect(await registry.adminStore.load(id!)).toBeUndefined();
    expect([registry.options.cookie.name, registry.adminOptions.cookie.name]).toEqual(['sid', 'admin']);
  });

  it('names the keys after the registration, unless it has an applicationName', async () => {
    await start(shop(), admin({ applicationName: undefined }));

    expect(app.app.get(Registry).adminOptions.applicationName).toBe('admin');
  });

  it('accepts routes in forRootAsync, too', async () => {
    const imports = [
      RedisSessionModule.forRoot(shop()),
      RedisSessionModule.forRootAsync({
        name: 'admin',
        forRoutes: ['admin'],
        useFactory: () => ({ store: 'memory', cookie: { name: 'admin' } }),
      }),
    ];
    app = await startNest(platform, { imports, controllers, providers: [Registry] });
    const visitor = app.browser();

    await visitor.post('/admin/login');

    expect(visitor.cookie('admin')).toBeDefined();
    expect((await visitor.get('/admin/me')).json()).toEqual({ name: 'clerk' });
  });
});

async function status(visitor: Browser, method: string, path: string): Promise<number> {
  return (await visitor.request(method, path)).status;
}

describe.each(platforms)('a registration for some routes on %s', (platform) => {
  let app: NestApp;
  afterEach(() => app.close());

  async function start(routes: RedisSessionModuleExtras): Promise<Browser> {
    const imports = [RedisSessionModule.forRoot({ store: 'memory', ...routes })];
    app = await startNest(platform, { imports, controllers });
    return app.browser();
  }

  it('provides no session on other routes', async () => {
    const visitor = await start({ exclude: ['health'] });

    expect((await visitor.get('/health')).json()).toBe('no session');
  });

  it('excludes a path, but not what is below it', async () => {
    const visitor = await start({ exclude: ['admin', '/health/'] });

    expect(await status(visitor, 'GET', '/admin')).toBe(404);
    expect(await status(visitor, 'GET', '/admin/me')).toBe(200);
  });

  it.each(['admin/{*path}', 'admin/*', '/admin/(.*)'])(
    'excludes what a wildcard matches: %s',
    async (path) => {
      const visitor = await start({ exclude: [path] });

      expect(await status(visitor, 'GET', '/admin/me')).toBe(500);
      expect(await status(visitor, 'GET', '/me')).toBe(200);
    },
  );

  it('accepts a path with a method', async () => {
    const visitor = await start({ forRoutes: [{ path: 'admin/me', method: RequestMethod.GET }] });

    expect(await status(visitor, 'GET', '/admin/me')).toBe(200);
    expect(await status(visitor, 'HEAD', '/admin/me')).toBe(200);
    expect(await status(visitor, 'POST', '/admin/login')).toBe(500);
  });

  it('accepts routes together with exclusions', async () => {
    const visitor = await start({
      forRoutes: ['/'],
      exclude: [{ path: 'admin/me', method: RequestMethod.ALL }],
    });

    expect(await status(visitor, 'GET', '/me')).toBe(200);
    expect(await status(visitor, 'GET', '/admin/me')).toBe(500);
  });

  it('serves no routes with an empty list', async () => {
    const visitor = await start({ forRoutes: [] });

    expect(await status(visitor, 'GET', '/me')).toBe(500);
  });

  it.each(['/%61dmin/me', '/admin/%6de'])('reads an escaped path as the router does: %s', async (path) => {
    const visitor = await start({ exclude: ['admin/me'] });

    expect(await status(visitor, 'GET', path)).not.toBe(200);
  });
});

function startBoth(...registrations: Registration[]): Promise<NestApp> {
  const imports = registrations.map((options) => RedisSessionModule.forRoot({ store: 'memory', ...options }));
  return startNest('express', { imports });
}

describe('registrations that cannot be told apart', () => {
  it('fail the start if both serve all routes', async () => {
    await expect(startBoth({}, { name: 'admin', cookie: { name: 'admin' } })).rejects.toMatchObject({
      code: 'SESSION_OPTIONS',
      faults: [
        'The registrations without a name and "admin" of RedisSessionModule both serve all routes, but a request has only one session. Set forRoutes or exclude for one of them.',
      ],
    });
  });

  it.each([
    [
      'without a name',
      {},
      'RedisSessionModule is imported twice without a name. Import it once, in the root module: it is global. If the application has two kinds of sessions, give one of the imports a name.',
    ],
    [
      'with the same name',
      { name: 'admin' },
      'RedisSessionModule is imported twice with the name "admin". Choose another name for one of them.',
    ],
  ])('stop the start where both are imported %s', async (_, extras, fault) => {
    const other = { ...extras, forRoutes: ['admin'], cookie: { name: 'other' } };
    await expect(startBoth(extras, other)).rejects.toMatchObject({
      code: 'SESSION_OPTIONS',
      faults: [fault],
    });
  });

  it('fail the start if the module is imported without forRoot()', async () => {
    await expect(startNest('express', { imports: [RedisSessionModule] })).rejects.toMatchObject({
      code: 'SESSION_OPTIONS',
      faults: [
        'RedisSessionModule is imported without forRoot(). Write RedisSessionModule.forRoot() in imports; it needs no arguments.',
      ],
    });
  });

  it('fail the start if both use the same cookie', async () => {
    await expect(startBoth({}, { name: 'admin', forRoutes: ['admin'] })).rejects.toMatchObject({
      code: 'SESSION_OPTIONS',
      faults: [
        'The registrations without a name and "admin" of RedisSessionModule both use the cookie "sid" at /; each would reject the other\'s sessions. Set cookie.name for one of them.',
      ],
    });
  });
});

describe('two applications in one process', () => {
  it('share nothing, although they run the same module', async () => {
    @Module({ imports: [RedisSessionModule.forRoot({ store: 'memory' })], controllers: [ShopController] })
    class AppModule {}
    const apps = [
      await startNest('express', { imports: [AppModule] }),
      await startNest('fastify', { imports: [AppModule] }),
    ];
    try {
      const [first, second] = apps.map((app) => app.browser()) as [Browser, Browser];
      await first.post('/login');
      second.setCookie('sid', first.cookie('sid')!);

      expect((await first.get('/me')).json()).toEqual({ name: 'customer' });
      expect((await second.get('/me')).json()).toEqual({ name: null });
    } finally {
      await Promise.all(apps.map((app) => app.close()));
    }
  });
});

describe('a handler on a route that no registration serves', () => {
  it('gets an error that names its path as a possible reason', () => {
    const context = new ExecutionContextHost([{}, {}]);

    expect(() => sessionFromContext(context)).toThrow(
      'RedisSessionModule does not serve its path (forRoutes, exclude)',
    );
  });
});
