import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Req,
  UseGuards,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import {
  RedisSessionModule,
  Session,
  sessionFromContext,
  SessionState,
  UseSession,
} from 'nestjs-redis-session';
import { platforms, startNest } from '../integrations/nest-app.js';
import {
  AdminController,
  seen,
  ShopController,
  startTwoKinds,
  type AnyRequest,
  type Kind,
  type Seen,
  type TwoKinds,
  type TwoKindsSetup,
} from './two-kinds-app.js';

@Injectable()
class SomebodyIsLoggedIn implements CanActivate {
  static passed = 0;

  canActivate(context: ExecutionContext): boolean {
    if (sessionFromContext<Kind>(context).kind === undefined) return false;
    SomebodyIsLoggedIn.passed++;
    return true;
  }
}

// A back office that is also reachable below a path that forRoutes does not name.
@Controller(['admin/office', 'backoffice'])
@UseSession('admin')
class OfficeController {
  @Get('orders')
  orders(@Req() request: AnyRequest): Seen {
    return seen('admin', request);
  }

  @Get('public')
  @UseSession()
  shopWindow(@Req() request: AnyRequest): Seen {
    return seen('shop', request);
  }

  @Get('stateless')
  @SessionState('disabled')
  stateless(@Req() request: AnyRequest): Seen {
    return seen('admin', request);
  }
}

class InheritingController extends OfficeController {}
Controller(['admin/heir', 'heir'])(InheritingController);

@Controller(['admin/guarded', 'guarded'])
@UseGuards(SomebodyIsLoggedIn)
class GuardedController {
  @Get()
  @UseSession('admin')
  look(@Session('kind') kind: string | undefined): Seen {
    return { handler: 'admin', session: kind ?? 'new' };
  }
}

@Controller({ path: 'window', host: 'office.example' })
@UseSession('admin')
class HostController {
  @Get()
  look(@Req() request: AnyRequest): Seen {
    return seen('admin', request);
  }
}

// Its path belongs to the back office only with its version.
@Controller({ path: 'versioned', version: '2' })
@UseSession('admin')
class SecondVersionController {
  @Get()
  look(@Req() request: AnyRequest): Seen {
    return seen('admin', request);
  }
}

describe.each(platforms)('@UseSession on %s', (platform) => {
  let app: TwoKinds;
  afterEach(() => app.close());

  async function start(setup: TwoKindsSetup = {}): Promise<void> {
    const controllers = [
      OfficeController,
      InheritingController,
      GuardedController,
      AdminController,
      ShopController,
    ];
    app = await startTwoKinds(platform, { controllers, ...setup });
  }

  async function at(target: string): Promise<[number, string | null | undefined]> {
    const { status, seen: answer } = await app.ask(target);
    return [status, answer?.session];
  }

  describe.each(['request', 'interceptor'] as const)('(hydrate: %s)', (hydrate) => {
    const setup = { shop: { hydrate }, admin: { hydrate } };

    it('accepts a session of the registration that it names', async () => {
      await start(setup);
      expect(await at('/admin/office/orders')).toEqual([200, 'admin']);
      expect(await at('/backoffice/public')).toEqual([200, 'shop']);
      expect(await at('/admin/office/stateless')).toEqual([200, null]);
    });

    it('refuses a session of another registration', async () => {
      await start(setup);
      expect(await at('/backoffice/orders')).toEqual([500, undefined]);
      expect(await at('/backoffice/stateless')).toEqual([500, undefined]);
      expect(await at('/admin/office/public')).toEqual([500, undefined]);
    });

    it('applies to inherited handlers', async () => {
      await start(setup);
      expect(await at('/admin/heir/orders')).toEqual([200, 'admin']);
      expect(await at('/heir/orders')).toEqual([500, undefined]);
    });
  });

  it('applies to guards that run before its own', async () => {
    await start();
    SomebodyIsLoggedIn.passed = 0;
    expect(await at('/guarded')).toEqual([500, undefined]);
    expect(SomebodyIsLoggedIn.passed).toBe(0);
    expect(await at('/admin/guarded')).toEqual([200, 'admin']);
    expect(SomebodyIsLoggedIn.passed).toBe(1);
  });

  it('applies to controllers of a host that share their path with others', async () => {
    await start({ controllers: [HostController, AdminController, ShopController] });
    expect((await app.ask('/window', { headers: { host: 'office.example' } })).status).toBe(500);
    expect((await app.ask('/window', { headers: { host: 'shop.example' } })).status).not.toBe(500);
  });

  it.each([VersioningType.URI, VersioningType.HEADER] as const)('applies to versions (%s)', async (type) => {
    await start({
      admin: { forRoutes: ['admin', 'v2/versioned'] },
      controllers: [SecondVersionController, AdminController, ShopController],
      main: (nest) =>
        void nest.enableVersioning(type === VersioningType.URI ? { type } : { type, header: 'v' }),
    });
    const headers = { v: '2' };
    const uri = type === VersioningType.URI;
    const { status, seen: answer } = await app.ask(uri ? '/v2/versioned' : '/versioned', { headers });
    expect([status, answer?.session]).toEqual(uri ? [200, 'admin'] : [500, undefined]);
  });

  it('refuses an ambiguous target', async () => {
    await start();
    expect(await at('/admin/office/%6frders#/me')).not.toEqual([200, expect.anything()]);
    expect((await at('http://u@h/admin/office/orders'))[0]).toBeGreaterThanOrEqual(400);
  });

  it('names the only registration, which has no name', async () => {
    await start();
    const nest = await startNest(platform, {
      imports: [RedisSessionModule.forRoot({ store: 'memory' })],
      controllers: [OnlyController],
    });
    try {
      expect((await nest.browser().get('/only')).json()).toEqual({ handler: 'shop', session: 'new' });
    } finally {
      await nest.close();
    }
  });
});

@Controller('only')
@UseSession()
class OnlyController {
  @Get()
  look(@Req() request: AnyRequest): Seen {
    return seen('shop', request);
  }
}

@Controller()
@UseSession('amdin')
class MistypedController {}

@Controller()
class MistypedHandlerController {
  @Get('mistyped')
  @UseSession('amdin')
  look(): void {}
}

describe.each(platforms)('@UseSession with a name that no registration has, on %s', (platform) => {
  it.each<[string, Type]>([
    ['a controller', MistypedController],
    ['a handler', MistypedHandlerController],
  ])('fails the start (%s)', async (_place, controller) => {
    const started = startTwoKinds(platform, { controllers: [controller] });
    await expect(started).rejects.toMatchObject({
      code: 'SESSION_OPTIONS',
      faults: [
        `${controller.name} names the registration "amdin", which does not exist (registrations: "admin", without a name). Change the name, or add it to a RedisSessionModule.forRoot().`,
      ],
    });
  });
});
