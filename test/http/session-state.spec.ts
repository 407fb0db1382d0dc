import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Post,
  Req,
  UseFilters,
} from '@nestjs/common';
import {
  Session,
  SessionMissingError,
  SessionReadOnlyError,
  SessionRepository,
  SessionState,
} from 'nestjs-redis-session';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { type Shop, ShopController } from './shop.controller.js';

const writes = ['set', 'delete', 'rotate', 'timeout', 'destroy', 'regenerate'];

@Catch(SessionReadOnlyError, SessionMissingError)
class CodeFilter implements ExceptionFilter {
  catch({ code, message }: SessionReadOnlyError, host: ArgumentsHost): void {
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: object): void } }>();
    response.status(418).send({ code, message });
  }
}

@Controller('read-only')
@SessionState('read-only')
@UseFilters(CodeFilter)
class ReadOnlyController {
  @Get()
  show(@Session() session: Session<Shop>): object {
    return { ...session };
  }

  @Post('set')
  set(@Session() session: Session<Shop>): void {
    session.item = 'coffee';
  }

  @Post('delete')
  remove(@Session() session: Session<Shop>): void {
    delete session.item;
  }

  @Post('rotate')
  rotate(@Session() session: Session<Shop>): void {
    session.rotate();
  }

  @Post('timeout')
  timeout(@Session() session: Session<Shop>): void {
    session.idleTimeoutInSeconds = 5;
  }

  @Post('destroy')
  async destroy(@Session() session: Session<Shop>): Promise<void> {
    await session.destroy();
  }

  @Post('regenerate')
  async regenerate(@Session() session: Session<Shop>): Promise<void> {
    await session.regenerate();
  }

  @Post('deep')
  deep(@Session() session: Session<Shop>): string {
    try {
      session.cart!.push('coffee');
      return 'pushed';
    } catch (error) {
      return (error as Error).name;
    }
  }

  @Post('handler-says-otherwise')
  @SessionState('read-write')
  write(@Session() session: Session<Shop>): void {
    session.item = 'written';
  }
}

@Controller('disabled')
@UseFilters(CodeFilter)
class DisabledController {
  @Get()
  @SessionState('disabled')
  show(@Req() request: { session?: unknown }): object {
    return { session: typeof request.session };
  }

  @Get('injected')
  @SessionState('disabled')
  injected(@Session() session: Session<Shop>): object {
    return session;
  }
}

describe.each(platforms)('@SessionState, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  beforeAll(async () => {
    server = await RedisServer.start();
    app = await startApp(platform, {
      controllers: [ShopController, ReadOnlyController, DisabledController],
      options: { store: 'redis', port: server.port },
    });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  async function visitor() {
    const browser = app.browser();
    const { id } = (await browser.post('/session', { item: 'tea', cart: ['tea'] })).json() as { id: string };
    const key = `{${app.applicationName}_${id}}_Data`;
    return { browser, stored: () => server.admin.hgetall(key) };
  }

  describe('read-only', () => {
    it('reads the data', async () => {
      const { browser } = await visitor();
      expect((await browser.get('/read-only')).json()).toEqual({ item: 'tea', cart: ['tea'] });
    });

    it.each(writes)('refuses a write and stores nothing: %s', async (how) => {
      const { browser, stored } = await visitor();
      const before = await stored();
      const answer = await browser.post(`/read-only/${how}`);
      expect(answer.json()).toMatchObject({ code: 'SESSION_READ_ONLY' });
      expect(await stored()).toEqual(before);
      expect(answer.setCookies).toEqual([]);
    });

    it('refuses a write to a nested value', async () => {
      const { browser, stored } = await visitor();
      expect((await browser.post('/read-only/deep')).text).toBe('TypeError');
      expect(await stored()).toMatchObject({ cart: '["tea"]' });
    });

    it.each(writes)('refuses a write of a new visitor, too: %s', async (how) => {
      const before = await server.admin.dbsize();
      const answer = await app.browser().post(`/read-only/${how}`);
      expect(answer.json()).toMatchObject({ code: 'SESSION_READ_ONLY' });
      expect(answer.setCookies).toEqual([]);
      expect(await server.admin.dbsize()).toBe(before);
    });

    it('is overridden by the state of the handler', async () => {
      const { browser, stored } = await visitor();
      expect((await browser.post('/read-only/handler-says-otherwise')).status).toBe(201);
      expect(await stored()).toMatchObject({ item: '"written"' });
    });
  });

  describe('disabled', () => {
    it('provides no session', async () => {
      const { browser } = await visitor();
      expect((await browser.get('/disabled')).json()).toEqual({ session: 'undefined' });
    });

    it('makes @Session() fail with the reason', async () => {
      const { browser } = await visitor();
      const answer = (await browser.get('/disabled/injected')).json();
      expect(answer).toMatchObject({
        code: 'SESSION_MISSING',
        message: expect.stringContaining('"disabled"'),
      });
    });
  });
});

describe.each(platforms)('the option sessionState, on %s', (platform) => {
  it.each([
    ['read-only', 500],
    ['disabled', 500],
    ['read-write', 201],
  ] as const)('%s is what routes have unless they say otherwise', async (sessionState, status) => {
    const app = await startApp(platform, {
      controllers: [ShopController, ReadOnlyController],
      options: { sessionState },
    });
    const browser = app.browser();
    expect((await browser.post('/session', { item: 'tea' })).status).toBe(status);
    expect((await browser.post('/read-only/handler-says-otherwise')).status).toBe(201);
    const [id] = browser.cookie('sid')!.split('.');
    expect(await app.app.get(SessionRepository).find<Shop>(id!)).toMatchObject({ item: 'written' });
    await app.close();
  });
});
