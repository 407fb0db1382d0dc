import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BadGatewayException,
  Controller,
  Header,
  InternalServerErrorException,
  Param,
  Post,
  UnauthorizedException,
} from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { type Shop, ShopController } from './shop.controller.js';

const errors: Record<string, () => Error> = {
  401: () => new UnauthorizedException(),
  500: () => new InternalServerErrorException(),
  502: () => new BadGatewayException(),
  unexpected: () => new Error('Something broke'),
};

@Controller('fail')
class FailingController {
  @Post('saved')
  async saved(@Session() session: Session<Shop>): Promise<never> {
    session.item = 'saved';
    await session.save();
    session.item = 'written later';
    throw new Error('Something broke');
  }

  @Post('rotated')
  async rotated(@Session() session: Session<Shop>): Promise<never> {
    session.rotate();
    await session.save();
    throw new Error('Something broke');
  }

  @Post('rotated-unstorable')
  @Header('etag', '"1"')
  async half(@Session() session: Session<Shop>): Promise<string> {
    session.item = 'saved';
    session.rotate();
    await session.save();
    session.callback = () => undefined;
    return 'never sent';
  }

  @Post('logout')
  logout(@Session() session: Session<Shop>): never {
    void session.destroy();
    throw new Error('Something broke');
  }

  @Post('value')
  unstorable(@Session() session: Session<Shop>): string {
    session.item = 'coffee';
    session.callback = () => undefined;
    return 'never sent';
  }
}

@Controller('throw')
class ThrowingController {
  @Post(':error')
  fail(@Session() session: Session<Shop>, @Param('error') error: string): never {
    session.visits = (session.visits ?? 0) + 1;
    throw errors[error]!();
  }
}

describe.each(platforms)('a request that fails, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  beforeAll(async () => {
    server = await RedisServer.start();
    app = await startApp(platform, {
      controllers: [ShopController, FailingController, ThrowingController],
      options: { store: 'redis', port: server.port },
    });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  async function visitor() {
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    return browser;
  }

  it.each([
    ['500', 500],
    ['502', 502],
    ['unexpected', 500],
  ])('drops its changes if it throws an error: %s', async (error, status) => {
    const browser = await visitor();
    expect((await browser.post(`/throw/${error}`)).status).toBe(status);
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'tea' });
  });

  it('keeps them if it ends with 401, so that failed logins can be counted', async () => {
    const browser = await visitor();
    expect((await browser.post('/throw/401')).status).toBe(401);
    expect((await browser.post('/throw/401')).status).toBe(401);
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'tea', visits: 2 });
  });

  it.each([
    [499, { item: 'coffee' }],
    [500, { item: 'tea' }],
    [503, { item: 'tea' }],
  ])('is treated the same with status %i and no exception', async (status, attributes) => {
    const browser = await visitor();
    expect((await browser.post(`/status/${status}`, { item: 'coffee' })).status).toBe(status);
    expect((await browser.get('/session')).json().attributes).toEqual(attributes);
  });

  it('creates no session and sends no cookie if it ends with 500', async () => {
    const browser = app.browser();
    const before = await server.admin.dbsize();
    const { setCookies } = await browser.post('/throw/500');
    expect(setCookies).toEqual([]);
    expect(await server.admin.dbsize()).toBe(before);
  });

  it('keeps what session.save() stored before', async () => {
    const browser = await visitor();
    expect((await browser.post('/fail/saved')).status).toBe(500);
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'saved' });
  });

  it('still sends the secret of a rotation that session.save() stored', async () => {
    const browser = await visitor();
    expect((await browser.post('/fail/rotated')).setCookies).toHaveLength(1);
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'tea' });
  });

  it('sends it if the remaining changes cannot be stored, too', async () => {
    const browser = await visitor();
    const { status, headers, setCookies } = await browser.post('/fail/rotated-unstorable');
    expect([status, setCookies.length]).toEqual([500, 1]);
    expect(headers.etag).not.toBe('"1"');
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'saved' });
  });

  it('still ends a session that it destroyed', async () => {
    const browser = await visitor();
    expect((await browser.post('/fail/logout')).status).toBe(500);
    expect(browser.cookie('sid')).toBeUndefined();
  });

  it('answers 500 and writes nothing if a value cannot be stored', async () => {
    const browser = await visitor();
    const answer = await browser.post('/fail/value');
    expect([answer.status, answer.text]).toEqual([500, expect.not.stringContaining('never sent')]);
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'tea' });
  });
});
