import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  DefaultValuePipe,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  type NestInterceptor,
  Param,
  type PipeTransform,
  Post,
  Req,
  Scope,
  Session as NestSession,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Session, sessionFromContext } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { ShopController } from './shop.controller.js';

interface Trail {
  trail: string[];
}

interface TrailRequest {
  session: Session<Trail>;
}

/** Who saw the session, in order, and whether it was the same object. */
const seen: { who: string; session: Session<Trail> }[] = [];

function leaveMark(who: string, session: Session<Trail>): void {
  seen.push({ who, session });
  (session.trail ??= []).push(who);
}

@Injectable()
class MarkGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    leaveMark('guard', sessionFromContext<Trail>(context));
    return true;
  }
}

@Injectable()
class RefusingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    leaveMark('refusing guard', sessionFromContext<Trail>(context));
    return false;
  }
}

@Injectable()
class MarkInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    leaveMark('interceptor', context.switchToHttp().getRequest<TrailRequest>().session);
    return next.handle();
  }
}

@Injectable({ scope: Scope.REQUEST })
class MarkPipe implements PipeTransform {
  constructor(@Inject(REQUEST) private readonly request: TrailRequest) {}

  transform(value: unknown): unknown {
    leaveMark('pipe', this.request.session);
    return value;
  }
}

@Catch(ForbiddenException)
class MarkFilter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    leaveMark('filter', http.getRequest<TrailRequest>().session);
    http.getResponse<{ status(code: number): { send(body: string): void } }>().status(403).send('refused');
  }
}

@Controller('trail')
class TrailController {
  @Post('all/:name')
  @UseGuards(MarkGuard)
  @UseInterceptors(MarkInterceptor)
  all(@Param('name', MarkPipe) _name: string, @Session() session: Session<Trail>): void {
    leaveMark('handler', session);
  }

  @Post('refused')
  @UseGuards(RefusingGuard)
  @UseFilters(MarkFilter)
  refused(): void {}

  @Post('ways')
  ways(
    @Session() ours: Session<Trail>,
    @NestSession() nests: Session<Trail>,
    @Req() request: TrailRequest,
  ): boolean[] {
    ours.trail = ['handler'];
    return [nests === ours, request.session === ours, nests.trail === ours.trail];
  }

  @Get()
  show(@Session('trail', new DefaultValuePipe(['nobody'])) trail: string[]): string[] {
    return trail;
  }

  @Get('count')
  count(@Session('trail', { transform: (trail?: string[]) => trail?.length ?? 0 }) count: number): number {
    return count;
  }
}

describe.each(platforms)('request.session, on %s', (platform) => {
  let app: HttpApp;
  beforeEach(async () => {
    seen.length = 0;
    app = await startApp(platform, {
      controllers: [TrailController, ShopController],
      providers: [MarkPipe],
      middleware: (consumer) =>
        consumer
          .apply((request: TrailRequest, _response: unknown, next: () => void) => {
            leaveMark('middleware', request.session);
            next();
          })
          .forRoutes('trail/all/*rest'),
      main: (nest) =>
        void nest.use('/trail/all', (request: TrailRequest, _response: unknown, next: () => void) => {
          leaveMark('main', request.session);
          next();
        }),
    });
  });
  afterEach(() => app.close());

  const everybody = ['main', 'middleware', 'guard', 'interceptor', 'pipe', 'handler'];

  it.each(['new', 'stored'])(
    'is the same object for middleware, guards, pipes, interceptors and handlers: a %s session',
    async (age) => {
      const browser = app.browser();
      if (age === 'stored') await browser.post('/session', { item: 'tea' });
      expect((await browser.post('/trail/all/x')).status).toBe(201);
      expect(seen.map(({ who }) => who)).toEqual(everybody);
      expect(new Set(seen.map(({ session }) => session)).size).toBe(1);
      expect((await browser.get('/trail')).json()).toEqual(everybody);
    },
  );

  it('sends its cookie once, whoever touched it first', async () => {
    expect((await app.browser().post('/trail/all/x')).setCookies).toHaveLength(1);
  });

  it('keeps the changes of a guard that refuses and of the exception filter', async () => {
    const browser = app.browser();
    const answer = await browser.post('/trail/refused');
    expect([answer.status, answer.text]).toEqual([403, 'refused']);
    expect((await browser.get('/trail')).json()).toEqual(['refusing guard', 'filter']);
  });

  it("is the session of @Session(), of Nest's own @Session() and of @Req()", async () => {
    expect((await app.browser().post('/trail/ways')).json()).toEqual([true, true, true]);
  });

  it('provides one attribute through @Session(name), with pipes', async () => {
    const browser = app.browser();
    expect((await browser.get('/trail')).json()).toEqual(['nobody']);
    expect((await browser.get('/trail/count')).json()).toBe(0);
    await browser.post('/trail/refused');
    expect((await browser.get('/trail')).json()).toEqual(['refusing guard', 'filter']);
    expect((await browser.get('/trail/count')).json()).toBe(2);
  });
});

describe.each(platforms)('a response that middleware sends, on %s', (platform) => {
  it('stores the session and sends the cookie', async () => {
    const app = await startApp(platform, {
      controllers: [TrailController],
      middleware: (consumer) =>
        consumer
          .apply((request: TrailRequest, response: { end(text: string): void }) => {
            leaveMark('middleware', request.session);
            response.end('answered');
          })
          .forRoutes('trail/all/*rest'),
    });
    const browser = app.browser();
    const answer = await browser.post('/trail/all/x');
    expect([answer.text, answer.setCookies.length]).toEqual(['answered', 1]);
    expect((await browser.get('/trail')).json()).toEqual(['middleware']);
    await app.close();
  });
});
