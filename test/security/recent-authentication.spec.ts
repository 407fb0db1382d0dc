import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpCode,
  Post,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import {
  RecentAuthenticationRequiredError,
  type RedisSessionModuleOptions,
  RequireRecentAuthentication,
  Session,
  SessionOptionsError,
  SessionState,
} from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { barrier } from '../support/barrier.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

interface Visitor {
  user: string;
  item: string;
}

let held = barrier(2);
let leave = barrier(2);

@Controller()
class CheckoutController {
  @Post('confirm')
  confirm(@Session() session: Session<Visitor>): void {
    session.rotate({ authenticated: true });
  }

  @Post('confirm/:times')
  twice(@Session() session: Session<Visitor>): void {
    session.rotate({ authenticated: true });
    session.rotate({ authenticated: true });
  }

  @Post('confirm-together')
  async together(@Session() session: Session<Visitor>): Promise<void> {
    await held();
    session.rotate({ authenticated: true });
  }

  @Post('confirm-and-fail')
  fail(@Session() session: Session<Visitor>): void {
    session.rotate({ authenticated: true });
    throw new Error('Out of order');
  }

  @Post('confirm-late')
  late(
    @Session() session: Session<Visitor>,
    @Res() response: { raw?: NodeJS.WritableStream } & NodeJS.WritableStream,
  ): void {
    const raw = response.raw ?? response;
    raw.write('begun');
    try {
      session.rotate({ authenticated: true });
    } catch (error) {
      raw.write(`, ${(error as Error).name}`);
    }
    raw.end();
  }

  @Post('confirm-read-only')
  @SessionState('read-only')
  readOnly(@Session() session: Session<Visitor>): void {
    session.rotate({ authenticated: true });
  }

  /** A request that was loaded before the user confirmed. */
  @Post('held')
  async held(@Session() session: Session<Visitor>): Promise<unknown> {
    await held();
    await leave();
    session.item = 'coffee';
    return { at: session.authenticatedAt };
  }

  @Get('at')
  at(@Session() session: Session<Visitor>): unknown {
    return { at: session.authenticatedAt ?? null };
  }

  @Post('checkout')
  @HttpCode(200)
  @RequireRecentAuthentication({ seconds: 300 })
  checkout(): string {
    return 'paid';
  }

  @Post('checkout-without-session')
  @SessionState('disabled')
  @RequireRecentAuthentication({ seconds: 300 })
  disabled(): string {
    return 'paid';
  }
}

@Catch(RecentAuthenticationRequiredError)
class AskAgain implements ExceptionFilter {
  catch({ code, maxAge, statusCode }: RecentAuthenticationRequiredError, host: ArgumentsHost): void {
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: object): void } }>();
    response.status(403).send({ ask: [code, maxAge, statusCode] });
  }
}

@Controller('account')
@RequireRecentAuthentication({ seconds: 300 })
class AccountController {
  @Get()
  show(): string {
    return 'account';
  }

  @Get('name')
  @RequireRecentAuthentication({ seconds: 86_400 })
  name(@Req() request: { session: Session<Visitor> }): string {
    return request.session.user!;
  }

  @Post('email')
  @UseFilters(AskAgain)
  email(@Body('email') email: string): string {
    return email;
  }
}

const CHALLENGE =
  'error="insufficient_user_authentication", error_description="A more recent authentication is required", max_age="300"';
const refusal = {
  statusCode: 401,
  error: 'Unauthorized',
  message: 'This needs an authentication in the last 300 seconds. Authenticate again.',
  code: 'SESSION_RECENT_AUTHENTICATION_REQUIRED',
  maxAge: 300,
};

let server: RedisServer;
let app: HttpApp;
beforeAll(async () => {
  server = await RedisServer.start();
});
beforeEach(() => {
  held = barrier(2);
  leave = barrier(2);
});
afterEach(() => app.close());
afterAll(() => server.stop());

const checkout = async (visitor: Browser): Promise<number> => (await visitor.post('/checkout')).status;

describe.each(platforms)('someone with a session, on %s', (platform) => {
  async function start(options: RedisSessionModuleOptions = {}) {
    app = await startApp(platform, {
      controllers: [ShopController, CheckoutController, AccountController],
      options: { store: 'redis', port: server.port, ...options },
    });
  }

  /** A visitor who has logged in some seconds ago. */
  async function loggedIn(secondsAgo = 0, options: RedisSessionModuleOptions = {}) {
    await start(options);
    const visitor = app.browser();
    await visitor.post('/session', { item: 'tea' });
    await visitor.post('/login', { user: 'ada' });
    const [id] = visitor.cookie('sid')!.split('.');
    const key = `{${app.applicationName}_${id}}_Data`;
    const authenticated = (at: number | string) => server.admin.hset(key, ':authenticated', at);
    if (secondsAgo > 0) await authenticated(Date.now() - secondsAgo * 1000);
    return { visitor, id: id!, key, authenticated, stored: () => server.admin.hgetall(key) };
  }

  it('passes after the login, and is told what is required once that is too long ago', async () => {
    const { visitor, authenticated } = await loggedIn();
    const paid = await visitor.post('/checkout');
    expect([paid.status, paid.text, paid.headers['www-authenticate']]).toEqual([200, 'paid', undefined]);
    await authenticated(Date.now() - 301_000);
    const answer = await visitor.post('/checkout');
    expect([answer.status, answer.json()]).toEqual([401, refusal]);
    expect(answer.headers['www-authenticate']).toBe(`Session ${CHALLENGE}`);
    expect(answer.setCookies).toEqual([]);
  });

  it('passes again with the new cookie after proving who they are', async () => {
    const { visitor } = await loggedIn(400);
    const thief = visitor.clone();
    expect(await checkout(visitor)).toBe(401);
    expect((await visitor.post('/confirm')).setCookies).toHaveLength(1);
    expect(await checkout(visitor)).toBe(200);
    expect(await checkout(thief)).toBe(401);
    expect((await thief.get('/session')).json()).toMatchObject({ isNew: true });
  });

  it('is refused without a session, and with one of nobody', async () => {
    await start();
    const visitor = app.browser();
    const answer = await visitor.post('/checkout');
    expect([answer.status, answer.setCookies]).toEqual([401, []]);
    await visitor.post('/session', { item: 'tea' });
    expect(await checkout(visitor)).toBe(401);
  });

  it.each([
    ['the attribute', { authenticatedAt: 9e15 }, 500],
    ['the field in Redis', { ':authenticated': Date.now() }, 500],
    ['the user once more', { user: 'ada' }, 201],
    ['a copy of the attribute', { authenticated: true, ':Authenticated': 1 }, 500],
  ])('cannot become recent with a body that sets %s', async (_what, body, status) => {
    const { visitor, stored } = await loggedIn(400);
    const before = await stored();
    expect((await visitor.post('/session', body)).status).toBe(status);
    expect(await stored()).toEqual(before);
    expect(await checkout(visitor)).toBe(401);
  });

  it('cannot become recent with a request that fails, comes too late or may not write', async () => {
    const { visitor, stored } = await loggedIn(400);
    const before = await stored();
    expect((await visitor.post('/confirm-and-fail')).status).toBe(500);
    expect((await visitor.post('/confirm-late')).text).toBe('begun, SessionAnswerSentError');
    expect((await visitor.post('/confirm-read-only')).status).toBe(500);
    expect(await stored()).toEqual(before);
    expect(await checkout(visitor)).toBe(401);
  });

  it('gets one new cookie for two rotations in one request', async () => {
    const { visitor } = await loggedIn(400);
    expect((await visitor.post('/confirm/twice')).setCookies).toHaveLength(1);
    expect(await checkout(visitor)).toBe(200);
  });

  it('keeps only one of two confirmations at once', async () => {
    const { visitor } = await loggedIn(400);
    const other = visitor.clone();
    const answers = await Promise.all([visitor, other].map((one) => one.post('/confirm-together')));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['201', '409']);
    const [winner, loser] = answers[0]!.status === 201 ? [visitor, other] : [other, visitor];
    expect([await checkout(winner), await checkout(loser)]).toEqual([200, 401]);
  });

  it('is not recent with the secret from before the confirmation, during its grace', async () => {
    const { visitor } = await loggedIn(0, { rotationGraceInSeconds: 30 });
    const old = visitor.clone();
    await visitor.post('/confirm');
    expect((await old.get('/session')).json()).toMatchObject({ isNew: false, attributes: { user: 'ada' } });
    expect((await old.get('/at')).json()).toEqual({ at: null });
    expect(await checkout(old)).toBe(401);
    expect(await checkout(visitor)).toBe(200);
  });

  it('changes nothing with a request that was under way when the user confirmed', async () => {
    const { visitor, key, stored } = await loggedIn(400, {
      absoluteTimeoutInSeconds: 7200,
      maxIdleTimeoutInSeconds: 7200,
    });
    const old = visitor.clone();
    const answer = old.post('/held');
    await held();
    await visitor.post('/confirm');
    const before = await stored();
    await server.admin.pexpire(key, 900_000);
    await leave();
    expect((await answer).status).toBe(409);
    expect(await stored()).toEqual(before);
    expect(await server.admin.pttl(key)).toBeLessThanOrEqual(900_000);
  });

  it('lives for both timeouts from the confirmation on', async () => {
    const { visitor, key, stored } = await loggedIn(400, { absoluteTimeoutInSeconds: 7200 });
    const began = Date.now() - 7_100_000;
    await server.admin.hset(key, ':created', began, ':expires', began + 7_200_000);
    await visitor.post('/confirm');
    const {
      ':created': created,
      ':authenticated': at,
      ':restarted': restarted,
      ':expires': expires,
    } = await stored();
    expect([created, restarted, expires]).toEqual([String(began), at, String(Number(at) + 7_200_000)]);
    expect(await server.admin.pttl(key)).toBeGreaterThan(1_000_000);
  });

  it('is refused with a time in Redis that is none, or that no clock can have given', async () => {
    const { visitor, authenticated } = await loggedIn();
    for (const at of ['', 'x', 'NaN', 'Infinity', '-Infinity', '9e99', Date.now() + 60_000, 1])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect([at, await authenticated(at), await checkout(visitor)]).toEqual([at, 0, 401]);
    await authenticated(Date.now() + 3000);
    expect(await checkout(visitor)).toBe(200);
  });

  it('meets the requirement of the handler, or else that of the controller', async () => {
    const { visitor, authenticated } = await loggedIn(400);
    expect((await visitor.get('/account')).status).toBe(401);
    expect((await visitor.get('/account/name')).text).toBe('ada');
    await authenticated(Date.now() - 86_401_000);
    expect((await visitor.get('/account/name')).status).toBe(401);
  });

  it('can be asked by a filter of the application', async () => {
    const { visitor } = await loggedIn(400);
    const answer = await visitor.post('/account/email', { email: 'ada@example.org' });
    expect([answer.status, answer.json()]).toEqual([
      403,
      { ask: ['SESSION_RECENT_AUTHENTICATION_REQUIRED', 300, 401] },
    ]);
  });

  it('costs no command for the requirement', async () => {
    const { visitor } = await loggedIn(400);
    const commandsOf = async (path: string) => {
      await visitor.get('/session');
      await server.resetStats();
      await visitor.post(path);
      return server.commandStats();
    };
    const refused = await commandsOf('/checkout');
    expect(refused['hgetall']).toBe(1);
    expect(Object.keys(refused).filter((name) => !['hgetall', 'pexpire'].includes(name))).toEqual([]);
  });

  it('is refused on a route of state disabled, which has no session', async () => {
    const { visitor } = await loggedIn();
    expect((await visitor.post('/checkout-without-session')).status).toBe(500);
  });

  it('is refused if guards run before sessions are loaded', async () => {
    const { visitor } = await loggedIn(0, { hydrate: 'interceptor' });
    expect((await visitor.post('/checkout')).status).toBe(500);
  });

  it('is refused while the store is away', async () => {
    const proxy = await TcpProxy.start(server.port);
    await start({ port: proxy.port, throwOnError: false });
    const visitor = app.browser();
    await visitor.post('/login', { user: 'ada' });
    expect(await checkout(visitor)).toBe(200);
    await proxy.goAway();
    expect(await checkout(visitor)).toBe(401);
    await proxy.stop();
  });

  it('is told the scheme of the credential if it has one', async () => {
    await start({ header: { name: 'authorization' } });
    const client = app.browser();
    const answer = await client.post('/checkout');
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, `Bearer ${CHALLENGE}`]);
    const { headers } = await client.post('/login', { user: 'ada' });
    const authorization = String(headers['authorization']);
    expect((await client.post('/checkout', undefined, { headers: { authorization } })).status).toBe(200);
  });
});

describe('@RequireRecentAuthentication()', () => {
  it.each([0, -1, 1.5, Number.NaN, Infinity, '300', undefined, null])('refuses %p seconds', (seconds) => {
    const given = { seconds: seconds as number };
    expect(() => RequireRecentAuthentication(given)).toThrow(SessionOptionsError);
  });

  it('names what was given and what to write', () => {
    expect(() => (RequireRecentAuthentication as unknown as () => void)()).toThrow(
      '@RequireRecentAuthentication: seconds is undefined; expected an integer from 1. Write { seconds: 300 } for five minutes.',
    );
  });
});
