import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  Module,
  NotFoundException,
  Post,
  Req,
  RequestMethod,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { RedisSessionModule, Session, SessionState } from 'nestjs-redis-session';
import { platforms, startNest } from '../integrations/nest-app.js';
import {
  AdminController,
  seen,
  startTwoKinds,
  type AnyRequest,
  type Kind,
  type Seen,
  type TwoKinds,
  type TwoKindsSetup,
} from './two-kinds-app.js';

/** Handlers of the shop that targets of the back office also reach. */
@Controller(':section')
class SectionController {
  @Get('orders')
  orders(@Req() request: AnyRequest): Seen {
    return seen('shop', request);
  }

  @Get('needy')
  needy(@Session('kind') kind: string | undefined): Seen {
    return { handler: 'shop', session: kind ?? 'new' };
  }

  @Get('exclusive')
  @SessionState('exclusive')
  exclusive(@Req() request: AnyRequest): Seen {
    return seen('shop', request);
  }
}

interface Marked extends Kind {
  mark?: string;
}

@Controller()
class MarkController {
  @Post('login')
  login(@Session() session: Session<Kind>): void {
    session.kind = 'shop';
  }

  @Get(['mark', 'admin/mark'])
  mark(@Session('mark') mark: string | undefined): { mark: string | null } {
    return { mark: mark ?? null };
  }
}

function markSessions(app: INestApplication): void {
  app.use((request: { session?: Marked }, _response: unknown, next: () => void) => {
    if (request.session) request.session.mark = 'middleware was here';
    next();
  });
}

const seenByMiddleware: (string | null)[] = [];

function look(request: AnyRequest, _response: unknown, next: () => void): void {
  seenByMiddleware.push(seen('shop', request).session);
  next();
}

@Catch(NotFoundException)
class NotFoundFilter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const answer = JSON.stringify(seen('admin', http.getRequest<AnyRequest>()));
    http.getResponse<{ status(status: number): { send(body: string): void } }>().status(404).send(answer);
  }
}

describe.each(platforms)('on %s', (platform) => {
  let app: TwoKinds;
  afterEach(() => app.close());

  async function start(setup: TwoKindsSetup = {}): Promise<void> {
    app = await startTwoKinds(platform, setup);
  }

  async function sessionAt(target: string, method = 'GET'): Promise<string | null | undefined> {
    return (await app.ask(target, { method })).seen?.session;
  }

  describe.each(['request', 'interceptor'] as const)(
    'a route that targets of both kinds reach (%s)',
    (hydrate) => {
      const setup: TwoKindsSetup = {
        shop: { hydrate },
        admin: { hydrate },
        controllers: [SectionController, AdminController, MarkController],
      };

      it('has only sessions of the registration that its pattern belongs to', async () => {
        await start(setup);

        expect(await sessionAt('/sale/orders')).toBe('shop');
        expect(await sessionAt('/admin/orders')).toBeNull();
        expect(await sessionAt('/%61dmin/orders')).toBeNull();
        expect(await sessionAt('/admin/orders', 'HEAD')).toBeUndefined();
      });

      it('is answered with 400 if its handler asks for the session', async () => {
        await start(setup);

        expect(await sessionAt('/sale/needy')).toBe('shop');
        const { status, body } = await app.ask('/admin/needy');
        expect({ status, body: JSON.parse(body) }).toEqual({
          status: 400,
          body: { statusCode: 400, message: 'Bad Request' },
        });
      });

      it('acquires no lock and has no session on a route with another state', async () => {
        await start(setup);

        expect(await sessionAt('/sale/exclusive')).toBe('shop');
        expect(await sessionAt('/admin/exclusive')).toBeNull();
      });
    },
  );

  it('middleware cannot write to a session if the route belongs to another registration', async () => {
    const controllers = [AdminController, MarkController, SectionController];
    await start({ controllers, main: markSessions, admin: { cookie: { name: 'admin', persistent: true } } });

    const { seen: answer, setCookies } = await app.ask('/admin/orders');
    expect({ answer, setCookies }).toEqual({ answer: { handler: 'shop', session: null }, setCookies: [] });
    await app.ask('/sale/orders');
    expect(JSON.parse((await app.ask('/mark')).body)).toEqual({ mark: 'middleware was here' });
  });

  it.each([RequestMethod.ALL, RequestMethod.GET])(
    'middleware of a wildcard and a method has the session of the path (%s)',
    async (method) => {
      class WildcardModule implements NestModule {
        configure(consumer: MiddlewareConsumer): void {
          consumer.apply(look).forRoutes({ path: '*', method });
        }
      }
      Module({})(WildcardModule);
      const controllers = [AdminController, SectionController, MarkController];
      await start({ imports: [WildcardModule], controllers });
      seenByMiddleware.length = 0;

      expect(await sessionAt('/admin/users')).toBe('admin');
      expect(await sessionAt('/sale/orders')).toBe('shop');
      expect(await sessionAt('/admin/orders')).toBeNull();
      await app.ask('/admin/nothing');
      expect(seenByMiddleware).toEqual(['admin', 'shop', 'admin', 'admin']);
    },
  );

  it('a 404 has the session of its path, if the path is unambiguous', async () => {
    await start({
      controllers: [AdminController, MarkController],
      main: (nest) => void nest.useGlobalFilters(new NotFoundFilter()),
    });

    expect(await sessionAt('/admin/nothing')).toBe('admin');
    expect(await sessionAt('/nothing')).toBe('shop');
    expect(await sessionAt('/%61dmin/nothing')).toBeNull();
    expect(await sessionAt('/nothing/../admin')).not.toBe('shop');
  });

  it('a global prefix is part of the path', async () => {
    @Controller('admin')
    class Prefixed {
      @Get('prefixed')
      look(@Req() request: AnyRequest): Seen {
        return seen('admin', request);
      }
    }
    app = await startTwoKinds(platform, {
      admin: { forRoutes: ['admin', 'api/admin'] },
      controllers: [Prefixed, AdminController, MarkController],
      main: (nest) => void nest.setGlobalPrefix('api', { exclude: ['login', 'admin/login'] }),
    });

    expect(await sessionAt('/api/admin/prefixed')).toBe('admin');
    expect(await sessionAt('/api/admin\\prefixed#')).not.toBe('shop');
  });

  it('a route for one method does not share its sessions with other methods', async () => {
    @Controller('form')
    class FormController {
      @Get()
      show(@Req() request: AnyRequest): Seen {
        return seen('shop', request);
      }
      @Post()
      send(@Req() request: AnyRequest): Seen {
        return seen('admin', request);
      }
    }
    const forRoutes = ['admin', { path: 'form', method: RequestMethod.POST }];
    await start({ admin: { forRoutes }, controllers: [FormController, AdminController, MarkController] });

    expect(await sessionAt('/form')).toBe('shop');
    expect(await sessionAt('/form', 'POST')).toBe('admin');
    expect((await app.ask('/form', { method: 'HEAD' })).status).toBe(200);
  });

  it('an application with one registration for all routes is not checked', async () => {
    const nest = await startNest(platform, {
      imports: [RedisSessionModule.forRoot({ store: 'memory' })],
      controllers: [SectionController],
    });
    try {
      const answer = await nest.browser().get('/a%2Fb;c/orders');
      expect(answer.json()).toEqual({ handler: 'shop', session: 'new' });
    } finally {
      await nest.close();
    }
    await start();
  });

  it('a route can contain unencoded letters beyond ASCII', async () => {
    @Controller(platform === 'express' ? encodeURI('café') : 'café')
    class CafeController {
      @Get('users')
      look(@Req() request: AnyRequest): Seen {
        return seen('admin', request);
      }
    }
    await start({
      admin: { forRoutes: ['admin', 'café'] },
      controllers: [CafeController, AdminController, MarkController],
    });

    expect(await sessionAt('/caf%C3%A9/users')).toBe('admin');
    expect(await sessionAt('/caf%c3%a9/users')).not.toBe('shop');
  });
});

function answerSeen(request: object, response: { json(body: unknown): void }): void {
  response.json(seen('admin', request));
}

describe('only on Express', () => {
  let app: TwoKinds;
  afterEach(() => app.close());

  async function start(main: (nest: NestExpressApplication) => void): Promise<void> {
    app = await startTwoKinds('express', { main: (nest) => main(nest as NestExpressApplication) });
  }

  async function sessionAt(
    target: string,
    headers?: Record<string, string>,
  ): Promise<string | null | undefined> {
    return (await app.ask(target, { headers })).seen?.session;
  }

  it('a target that middleware rewrites gets no session of the other kind', async () => {
    await start((nest) =>
      nest.use((request: { url: string }, _response: unknown, next: () => void) => {
        request.url = request.url.replace(/^\/old/, '/admin').replace(/^\/shop/, '');
        next();
      }),
    );

    expect(await sessionAt('/old/users')).toBeNull();
    expect(await sessionAt('/shop/me')).toBe('shop');
  });

  it('a method that middleware overrides gets no session of the other kind', async () => {
    @Controller('form')
    class FormController {
      @Post()
      send(@Req() request: AnyRequest): Seen {
        return seen('admin', request);
      }
    }
    app = await startTwoKinds('express', {
      admin: { forRoutes: ['admin', { path: 'form', method: RequestMethod.POST }] },
      controllers: [FormController, AdminController, MarkController],
      main: (nest) =>
        void nest.use(
          (request: { method: string; headers: Record<string, string> }, _: unknown, next: () => void) => {
            request.method = request.headers['x-http-method-override'] ?? request.method;
            next();
          },
        ),
    });

    expect(await sessionAt('/form', { 'x-http-method-override': 'POST' })).toBeNull();
  });

  it('a mounted router has the sessions of its mount path', async () => {
    const { Router, default: express } = await import('express');
    await start((nest) => {
      const router = Router();
      router.get('/raw', answerSeen);
      router.get('/fails', (request, _response, next) => {
        (request as AnyRequest).session!.kind = 'admin';
        next(new Error('no'));
      });
      router.get(/^\/reg/, answerSeen);
      const inner = express();
      inner.get('/raw', answerSeen);
      nest.use('/admin/mounted', router);
      nest.use('/:any/mounted', router);
      nest.use('/admin/inner', inner);
      nest.use((_error: unknown, request: object, response: { json(body: unknown): void }, _next: unknown) =>
        answerSeen(request, response),
      );
    });

    expect(await sessionAt('/admin/mounted/raw')).toBe('admin');
    expect(await sessionAt('/admin/mounted/fails')).toBe('admin');
    expect(await sessionAt('/admin/inner/raw')).toBe('admin');
    expect(await sessionAt('/%61dmin/mounted/raw')).toBeNull();
    expect(await sessionAt('/admin/mounted/reg')).toBeNull();
  });
});
