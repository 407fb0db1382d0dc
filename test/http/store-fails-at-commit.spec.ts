import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Param, Post, Res, StreamableFile } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import type { Browser } from '../support/http-browser.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type HttpApp, platforms, startApp } from './http-app.js';

interface Shop {
  item: string;
}

type AnyResponse = ServerResponse & { raw?: ServerResponse; send(body: unknown): void };

let proxy: TcpProxy;

/** Redis is there when the session is loaded, and gone when it is to be stored. */
async function loseRedis(): Promise<void> {
  await proxy.refuse();
  proxy.cut();
}

const HEADERS = {
  etag: '"1"',
  location: '/elsewhere',
  'content-type': 'text/x-own',
  'content-encoding': 'x-own',
  'cache-control': 'public, max-age=60',
};

const ways: Record<string, (response: ServerResponse) => void> = {
  end: (response) => response.end('written anyway'),
  write: (response) => {
    response.write('written ');
    response.end('anyway');
  },
  head: (response) => response.writeHead(201, HEADERS).end('written anyway'),
  pipe: (response) => void Readable.from(['written ', 'anyway']).pipe(response),
  flush: (response) => {
    response.flushHeaders();
    response.end('written anyway');
  },
};

@Controller()
class Shops {
  @Post('item')
  put(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }

  @Get('item')
  show(@Session('item') item: string): string {
    return item;
  }

  @Get('value')
  @Header('etag', '"1"')
  @Header('location', '/elsewhere')
  @Header('content-type', 'text/x-own')
  @Header('content-encoding', 'x-own')
  @Header('cache-control', 'public, max-age=60')
  async value(@Session() session: Session<Shop>): Promise<string> {
    session.item = 'coffee';
    await loseRedis();
    return 'written anyway';
  }

  @Get('stream')
  async stream(@Session() session: Session<Shop>): Promise<StreamableFile> {
    session.item = 'coffee';
    await loseRedis();
    return new StreamableFile(Readable.from(['written ', 'anyway']), { disposition: 'attachment' });
  }

  @Get('send')
  async send(@Session() session: Session<Shop>, @Res() response: AnyResponse): Promise<void> {
    session.item = 'coffee';
    await loseRedis();
    response.send({ written: 'anyway' });
  }

  @Get('raw/:way')
  async raw(
    @Session() session: Session<Shop>,
    @Res() response: AnyResponse,
    @Param('way') way: string,
  ): Promise<void> {
    session.item = 'coffee';
    await loseRedis();
    const raw = response.raw ?? response;
    for (const [name, value] of Object.entries(HEADERS)) raw.setHeader(name, value);
    ways[way]!(raw);
  }
}

describe.each(platforms)('when Redis is lost between load and store, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  let browser: Browser;

  beforeAll(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
    app = await startApp(platform, { controllers: [Shops], options: { store: 'redis', port: proxy.port } });
  });
  afterAll(async () => {
    await app.close();
    await proxy.stop();
    await server.stop();
  });
  beforeEach(async () => {
    await proxy.reset();
    browser = app.browser();
    await eventually(async () => (await browser.post('/item')).status === 201);
  });

  it.each(['/value', '/stream', '/send', ...Object.keys(ways).map((way) => `/raw/${way}`)])(
    'answers 503 in place of what the handler gave, without its headers: %s',
    async (path) => {
      const answer = await browser.get(path);
      expect(answer.status).toBe(503);
      expect(answer.text).not.toContain('anyway');
      expect(answer.json()).toMatchObject({ statusCode: 503 });
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      for (const name of [
        'location',
        'content-encoding',
        'cache-control',
        'content-disposition',
        'set-cookie',
      ]) {
        expect([name, answer.headers[name]]).toEqual([name, undefined]);
      }
      expect(answer.headers.etag).not.toBe('"1"');
      await proxy.reset();
      await eventually(async () => expect((await browser.get('/item')).text).toBe('tea'));
    },
  );
});
