import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Param, Post, Res, StreamableFile } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import type { Browser } from '../support/http-browser.js';
import { eventually } from '../support/eventually.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { type HttpApp, platforms } from './http-app.js';
import { startProxiedApp } from './proxied-app.js';

interface Shop {
  item: string;
}

type AnyResponse = ServerResponse & { raw?: ServerResponse; send(body: unknown): void };

let proxy: TcpProxy;

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
    await proxy.goAway();
    return 'written anyway';
  }

  @Get('stream')
  async stream(@Session() session: Session<Shop>): Promise<StreamableFile> {
    session.item = 'coffee';
    await proxy.goAway();
    return new StreamableFile(Readable.from(['written ', 'anyway']), { disposition: 'attachment' });
  }

  @Get('send')
  async send(@Session() session: Session<Shop>, @Res() response: AnyResponse): Promise<void> {
    session.item = 'coffee';
    await proxy.goAway();
    response.send({ written: 'anyway' });
  }

  @Get('raw/:way')
  async raw(
    @Session() session: Session<Shop>,
    @Res() response: AnyResponse,
    @Param('way') way: string,
  ): Promise<void> {
    session.item = 'coffee';
    await proxy.goAway();
    const raw = response.raw ?? response;
    for (const [name, value] of Object.entries(HEADERS)) raw.setHeader(name, value);
    ways[way]!(raw);
  }
}

describe.each(platforms)('when Redis is lost between load and store, on %s', (platform) => {
  let app: HttpApp;
  let stop: () => Promise<void>;
  let browser: Browser;

  beforeAll(async () => {
    ({ app, proxy, stop } = await startProxiedApp(platform, { controllers: [Shops] }));
  });
  afterAll(() => stop());
  beforeEach(async () => {
    await proxy.reset();
    browser = app.browser();
    await eventually(async () => (await browser.post('/item')).status === 201);
  });

  it.each(['/value', '/stream', '/send', ...Object.keys(ways).map((way) => `/raw/${way}`)])(
    'answers 503 instead of the handler’s response, without its headers: %s',
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
