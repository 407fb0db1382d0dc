import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  Session,
  sessionFromContext,
  SessionOptionsError,
  SessionState,
  type RedisSessionModuleOptions,
} from 'nestjs-redis-session';
import { GatewaySession } from 'nestjs-redis-session/websockets';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Chat } from '../security/chat.js';
import { combinations } from '../integrations/chat-app.js';
import { deferred, type Deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, type HttpAppSetup, platforms, startApp } from './http-app.js';
import { type Shop, ShopController } from './shop.controller.js';

let passing: Deferred<void> | undefined;

@Injectable()
class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await nextTurn();
    await nextTurn();
    return true;
  }
}

@Injectable()
class RefusingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return sessionFromContext<Shop>(context).visits !== undefined;
  }
}

@Controller('poll')
@SessionState('read-only', { touch: false })
class PollController {
  @Get()
  @UseGuards(SlowGuard)
  poll(@Session() session: Session<Shop>): object {
    return { user: session.user, expiresAt: session.expiresAt };
  }

  @Get('refused')
  @UseGuards(RefusingGuard)
  refused(): string {
    return 'never';
  }

  @Get('of/:name')
  of(@Param('name') name: string): string {
    return name;
  }

  @Post()
  @SessionState('read-write')
  use(@Session() session: Session<Shop>): object {
    return { user: session.user };
  }

  @Get('own/touch')
  async own(@Session() session: Session<Shop>): Promise<void> {
    await session.touch();
  }

  @Get('waits')
  @SessionState('read-only')
  async waits(): Promise<void> {
    await passing?.promise;
  }
}

@Controller()
class OtherController {
  @Get('poll/of/everybody')
  everybody(): string {
    return 'everybody';
  }
}

const middleware: HttpAppSetup['middleware'] = (consumer) =>
  consumer
    .apply((request: { session: Session<Shop> }, _response: unknown, next: () => void) => {
      expect(request.session.user).toBe('ada');
      setImmediate(() => setImmediate(next));
    })
    .forRoutes('poll');

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

const IDLE = 1_200_000;
const LEFT = 100_000;

describe.each(platforms)('a route with touch: false, on %s', (platform) => {
  let app: HttpApp;
  afterEach(() => app.close());

  async function start(options: RedisSessionModuleOptions = {}, setup: HttpAppSetup = {}) {
    app = await startApp(platform, {
      controllers: [OtherController, ShopController, PollController],
      options: { store: 'redis', port: server.port, ...options },
      ...setup,
    });
    return visitor();
  }

  /** A visitor whose session ends in 100 seconds unless a request touches it. */
  async function visitor() {
    const browser = app.browser();
    const { id } = (await browser.post('/session', { user: 'ada' })).json() as { id: string };
    const key = `{${app.applicationName}_${id}}_Data`;
    await server.admin.pexpire(key, LEFT);
    return { browser, left: () => server.admin.pttl(key) };
  }

  /** Resolves when touches that were due before have been carried out. */
  async function touchesAreDone(): Promise<void> {
    const other = await visitor();
    await other.browser.get('/nothing');
    await eventually(async () => expect(await other.left()).toBeGreaterThan(LEFT));
  }

  async function leftAfter(use: (browser: Browser) => Promise<unknown>, on = start()): Promise<number> {
    const { browser, left } = await on;
    await use(browser);
    await touchesAreDone();
    return left();
  }

  it('reads the session and does not slide its idle timeout', async () => {
    const left = await leftAfter(async (browser) =>
      expect((await browser.get('/poll')).json()).toMatchObject({ user: 'ada' }),
    );
    expect(left).toBeLessThanOrEqual(LEFT);
  });

  it('does not slide it with a parameter or a query, or with HEAD', async () => {
    const left = await leftAfter(async (browser) => {
      expect((await browser.get('/poll/of/ada?x=/session')).text).toBe('ada');
      expect((await browser.request('HEAD', '/poll?x=1')).status).toBe(200);
    });
    expect(left).toBeLessThanOrEqual(LEFT);
  });

  it('does not slide it if a guard refuses the request', async () => {
    const left = await leftAfter(async (browser) =>
      expect((await browser.get('/poll/refused')).status).toBe(403),
    );
    expect(left).toBeLessThanOrEqual(LEFT);
  });

  it.each(['request', 'interceptor'] as const)('does not slide it with hydrate: %s', async (hydrate) => {
    const left = await leftAfter(
      async (browser) => expect((await browser.get('/poll')).json()).toMatchObject({ user: 'ada' }),
      start({ hydrate }),
    );
    expect(left).toBeLessThanOrEqual(LEFT);
  });

  it('does not slide it behind middleware that takes its time', async () => {
    const left = await leftAfter(
      async (browser) => expect((await browser.get('/poll')).json()).toMatchObject({ user: 'ada' }),
      start({}, { middleware }),
    );
    expect(left).toBeLessThanOrEqual(LEFT);
  });

  it('does not slide it if the client leaves before the handler is called', async () => {
    const arrived = deferred();
    const hanging: HttpAppSetup['middleware'] = (consumer) =>
      consumer.apply(() => arrived.resolve()).forRoutes('poll');
    const left = await leftAfter(
      async (browser) => {
        const leaving = new AbortController();
        const answer = browser.get('/poll', { signal: leaving.signal });
        await arrived.promise;
        leaving.abort();
        await expect(answer).rejects.toThrow('aborted');
      },
      start({}, { middleware: hanging }),
    );
    expect(left).toBeLessThanOrEqual(LEFT);
  });

  it('slides it with its own session.touch()', async () => {
    expect(await leftAfter((browser) => browser.get('/poll/own/touch'))).toBeGreaterThan(LEFT);
  });

  it.each([
    ['another method of the same path', 'POST', '/poll', 201],
    ['another handler that matches', 'GET', '/poll/of/everybody', 200],
    ['a path without a handler', 'GET', '/poll/nowhere', 404],
    ['a method without a handler', 'DELETE', '/poll', 404],
    ['any other route', 'GET', '/session', 200],
  ] as const)('leaves %s as it is', async (_case, method, path, status) => {
    const left = await leftAfter(async (browser) =>
      expect((await browser.request(method, path)).status).toBe(status),
    );
    expect(left).toBeGreaterThan(LEFT);
  });

  it('leaves other routes as they are: touched when they begin', async () => {
    const { browser, left } = await start();
    passing = deferred();
    const waiting = browser.get('/poll/waits');
    await eventually(async () => expect(await left()).toBeGreaterThan(LEFT));
    passing.resolve();
    expect((await waiting).status).toBe(200);
  });

  it('does not renew a persistent cookie', async () => {
    const { browser } = await start({ cookie: { persistent: true } });
    expect((await browser.get('/poll')).setCookies).toEqual([]);
    expect((await browser.get('/session')).setCookies).toHaveLength(1);
  });

  it('costs no command more than a touch', async () => {
    const { browser } = await start();
    await touchesAreDone();
    await server.resetStats();
    await browser.get('/poll');
    expect(await server.commandStats()).toMatchObject({ hgetall: 1, pttl: 1 });
    expect(await server.commandStats()).not.toHaveProperty('pexpire');
  });

  it('knows when the session ends', async () => {
    const { browser } = await start();
    const before = Date.now();
    const { expiresAt } = (await browser.get('/poll')).json() as { expiresAt: string };
    expect(Date.parse(expiresAt)).toBeGreaterThan(before);
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + LEFT);
  });

  describe('with expiresHeader', () => {
    const NAME = 'x-session-expires-in';
    const options = { expiresHeader: 'X-Session-Expires-In' };
    const secondsIn = ({ headers }: { headers: Record<string, unknown> }) => headers[NAME];

    it('tells the seconds that are left, and other routes tell the idle timeout', async () => {
      const { browser } = await start(options);
      const poll = await browser.get('/poll');
      expect(Number(secondsIn(poll))).toBeLessThanOrEqual(LEFT / 1000);
      expect(Number(secondsIn(poll))).toBeGreaterThan(0);
      for (const path of ['/session', '/nothing']) {
        const seconds = Number(secondsIn(await browser.get(path)));
        expect(seconds).toBeGreaterThan(LEFT / 1000);
        expect(seconds).toBeLessThanOrEqual(IDLE / 1000);
      }
    });

    it('tells a visitor of the session that the request creates, and nobody else', async () => {
      await start(options);
      const browser = app.browser();
      expect(secondsIn(await browser.get('/session'))).toBeUndefined();
      expect(Number(secondsIn(await browser.post('/session', { user: 'grace' })))).toBeGreaterThan(
        LEFT / 1000,
      );
      expect(secondsIn(await browser.post('/logout'))).toBeUndefined();
      expect(secondsIn(await browser.get('/session'))).toBeUndefined();
    });

    it('tells the absolute end if that comes first', async () => {
      const { browser } = await start({ ...options, absoluteTimeoutInSeconds: 60 });
      const answers = [await browser.get('/session'), await browser.post('/login', { user: 'ada' })];
      for (const answer of answers) {
        expect(Number(secondsIn(answer))).toBeLessThanOrEqual(60);
        expect(Number(secondsIn(answer))).toBeGreaterThan(0);
      }
    });
  });
});

describe.each(combinations)('a message with touch: false, with $library on $platform', (on) => {
  @WebSocketGateway()
  @GatewaySession()
  class PollGateway {
    @SubscribeMessage('poll')
    @SessionState('read-only', { touch: false })
    poll(@Session('name') name: string): object {
      return { event: 'poll', data: name };
    }

    @SubscribeMessage('use')
    use(@Session('name') name: string): object {
      return { event: 'use', data: name };
    }
  }

  it('does not slide the idle timeout', async () => {
    const chat = await Chat.start({ ...on, providers: [PollGateway], options: { port: server.port } });
    const cookie = (await chat.visitor()).cookie('sid')!;
    const [key] = await server.admin.keys(`{*_${cookie.split('.')[0]}}_Data`);
    const socket = await chat.connect(cookie);
    expect(await socket.ask('use')).toEqual({ event: 'use', data: 'ada' });
    await eventually(async () => {
      await server.admin.pexpire(key!, LEFT);
      await nextTurn();
      expect(await server.admin.pttl(key!)).toBeLessThanOrEqual(LEFT);
    });

    expect(await socket.ask('poll')).toEqual({ event: 'poll', data: 'ada' });
    expect(await server.admin.pttl(key!)).toBeLessThanOrEqual(LEFT);
    // This process has touched the session just before.
    await eventually(async () => {
      expect(await socket.ask('use')).toEqual({ event: 'use', data: 'ada' });
      expect(await server.admin.pttl(key!)).toBeGreaterThan(LEFT);
    });
    await chat.close();
  });
});

describe('touch: false with a state that writes', () => {
  it.each(['read-write', 'exclusive', 'disabled'] as const)('%s fails the start', (state) => {
    const decorate = (): unknown => SessionState(state as 'read-only', { touch: false });
    expect(decorate).toThrow(SessionOptionsError);
    expect(decorate).toThrow(`@SessionState: touch is false with the state "${state}".`);
  });
});
