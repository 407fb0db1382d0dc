import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Param, Post, Req } from '@nestjs/common';
import { RedisSessionModule, Session, SessionRepository, SessionState } from 'nestjs-redis-session';
import expressSession from 'express-session';
import type { Browser } from '../support/http-browser.js';
import { startNest } from '../integrations/nest-app.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { type HttpApp, type HttpAppSetup, platforms, startApp } from './http-app.js';

interface Shop {
  cart: string[];
}
interface ShopRequest {
  session: unknown;
  sessionID: string | undefined;
}

const otherRegistrations = new Map<string, unknown>();

@Controller()
class AssigningController {
  constructor(private readonly sessions: SessionRepository) {}

  @Post('cart')
  fill(@Session() session: Session<Shop>, @Body() { cart }: Shop): void {
    session.cart = cart;
  }

  @Post('id')
  setId(@Req() request: ShopRequest): string {
    try {
      request.sessionID = 'chosen';
      return 'set';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  @Get('cart')
  show(@Session() session: Session<Shop>): object {
    return { cart: session.cart ?? [] };
  }

  @Post('null/:first')
  end(@Req() request: ShopRequest, @Param('first') first: string): object {
    if (first === 'changed') (request.session as Shop).cart = ['dropped'];
    request.session = null;
    return { type: typeof request.session, id: typeof request.sessionID };
  }

  @Post('null-after-destroy')
  async endTwice(@Req() request: ShopRequest): Promise<void> {
    await (request.session as Session).destroy();
    request.session = null;
  }

  @Post('null-read-only')
  @SessionState('read-only')
  endReadOnly(@Req() request: ShopRequest): void {
    request.session = null;
  }

  @Post('assign/:what')
  assign(@Req() request: ShopRequest, @Param('what') what: string): object {
    const values: Record<string, unknown> = {
      object: { cart: ['replaced'] },
      undefined: undefined,
      text: 'session',
      number: 0,
      copy: { ...(request.session as object) },
      other: otherRegistrations.get('session'),
    };
    try {
      request.session = values[what];
      return { assigned: true };
    } catch (error) {
      const { name, code, statusCode, message } = error as Record<string, unknown>;
      return { name, code, statusCode, message };
    }
  }

  @Post('same')
  same(@Req() request: ShopRequest): void {
    const { session } = request;
    (session as Shop).cart = ['kept'];
    request.session = session;
  }

  @Post('new')
  new(@Req() request: ShopRequest): string {
    const next = this.sessions.create<Shop>();
    request.session = next;
    next.cart = ['of the new one'];
    return (request.session as Session).id;
  }
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

describe.each(platforms)('request.session, assigned on %s', (platform) => {
  let app: HttpApp;
  afterEach(() => app.close());

  async function start(setup: HttpAppSetup = {}): Promise<Browser> {
    app = await startApp(platform, { controllers: [AssigningController], ...setup });
    const visitor = app.browser();
    await visitor.post('/cart', { cart: ['tea'] });
    return visitor;
  }

  describe.each(['memory', 'redis'] as const)('null, in the %s store', (store) => {
    const begin = () => start({ options: { store, ...(store === 'redis' && { port: redis.port }) } });

    it.each(['changed', 'untouched'])(
      'destroys a session at the end of the request that left it %s',
      async (first) => {
        const visitor = await begin();
        const thief = visitor.clone();
        const [id] = visitor.cookie('sid')!.split('.');

        expect((await visitor.post(`/null/${first}`)).json()).toEqual({ type: 'undefined', id: 'undefined' });

        expect(visitor.cookie('sid')).toBeUndefined();
        expect(await app.sessions.find(id!)).toBeUndefined();
        expect((await thief.get('/cart')).json()).toEqual({ cart: [] });
      },
    );

    it.each(['changed', 'untouched'])(
      'stores nothing for a visitor without a session that is %s',
      async (first) => {
        await begin();
        const { status, setCookies } = await app.browser().post(`/null/${first}`);

        expect([status, setCookies]).toEqual([201, []]);
      },
    );

    it('is allowed after destroy()', async () => {
      const visitor = await begin();

      expect((await visitor.post('/null-after-destroy')).status).toBe(201);
      expect(visitor.cookie('sid')).toBeUndefined();
    });

    it('is refused on a read-only route', async () => {
      const visitor = await begin();

      expect((await visitor.post('/null-read-only')).status).toBe(500);
      expect((await visitor.get('/cart')).json()).toEqual({ cart: ['tea'] });
    });
  });

  it.each(['object', 'undefined', 'text', 'number', 'copy', 'other'])(
    'anything but a session is refused with an error that names the alternatives: %s',
    async (what) => {
      const visitor = await start();
      const other = await startApp(platform, {});
      otherRegistrations.set('session', other.sessions.create());

      const refusal = (await visitor.post(`/assign/${what}`)).json();

      expect(refusal).toMatchObject({ name: 'SessionUsageError', code: 'SESSION_USAGE', statusCode: 500 });
      expect((refusal as Error).message).toMatch(
        /^request\.session cannot be replaced by (a value of type \w+|a session of another registration); nothing was changed\. Use Object\.assign\(request\.session, …\).*regenerate\(\).*destroy\(\) or null.*exclude\.$/,
      );
      expect((await visitor.get('/cart')).json()).toEqual({ cart: ['tea'] });
      await other.close();
    },
  );

  it('changes request.sessionID, which cannot be set', async () => {
    expect((await (await start()).post('/id')).text).toBe('SESSION_USAGE');
  });

  it('the current session changes nothing', async () => {
    const visitor = await start();
    const sent = visitor.cookie('sid');

    await visitor.post('/same');

    expect((await visitor.get('/cart')).json()).toEqual({ cart: ['kept'] });
    expect(visitor.cookie('sid')).toBe(sent);
  });

  it('a new session of the repository replaces the old one', async () => {
    const visitor = await start();

    const id = (await visitor.post('/new')).text;

    expect(visitor.cookie('sid')?.split('.')[0]).toBe(id);
    expect((await visitor.get('/cart')).json()).toEqual({ cart: ['of the new one'] });
  });

  it('is an error before the session is loaded, with hydrate: interceptor', async () => {
    const seen: unknown[] = [];
    const assign = (request: ShopRequest, _response: unknown, next: () => void) => {
      try {
        request.session = null;
      } catch (error) {
        seen.push(error);
      }
      next();
    };
    await start({
      options: { hydrate: 'interceptor' },
      middleware: (consumer) => void consumer.apply(assign).forRoutes('*all'),
    });

    expect(seen).toEqual([expect.objectContaining({ code: 'SESSION_MISSING' })]);
  });
});

const withoutLegacy = () => [
  RedisSessionModule.forRoot({
    store: 'memory',
    applicationName: uniqueName('shop'),
    exclude: ['legacy', 'legacy/own'],
  }),
];

describe('a route that the module excludes', () => {
  @Controller('legacy')
  class LegacyController {
    @Get()
    count(@Req() request: { session: { visits?: number } }): number {
      return (request.session.visits = (request.session.visits ?? 0) + 1);
    }

    @Get('own')
    own(@Req() request: ShopRequest): unknown {
      request.session = { own: true };
      return request.session;
    }
  }

  it('can have the session of express-session', async () => {
    const legacy = expressSession({
      secret: 'keyboard cat',
      name: 'legacy',
      resave: false,
      saveUninitialized: false,
    });
    const app = await startNest(
      'express',
      { imports: withoutLegacy(), controllers: [LegacyController] },
      (made) => {
        made.use('/legacy', legacy);
      },
    );
    const visitor = app.browser();

    expect((await visitor.get('/legacy')).text).toBe('1');
    expect((await visitor.get('/legacy')).text).toBe('2');
    expect([visitor.cookie('sid'), visitor.cookie('legacy')]).toEqual([undefined, expect.any(String)]);
    await app.close();
  });

  it.each(platforms)('accepts any value for request.session, on %s', async (platform) => {
    const app = await startNest(platform, { imports: withoutLegacy(), controllers: [LegacyController] });

    expect((await app.browser().get('/legacy/own')).json()).toEqual({ own: true });
    await app.close();
  });
});
