import { once } from 'node:events';
import { Agent, request as ask } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Param, Post, Req, Res, StreamableFile } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import { deferred, type Deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import type { RedisServer } from '../support/redis-server.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { type HttpApp, platforms } from './http-app.js';
import { startProxiedApp } from './proxied-app.js';
import { type Shop, ShopController } from './shop.controller.js';

let began: Deferred<void>;
let goOn: Deferred<void>;

@Controller()
class ConnectionsController {
  @Post('add/:word')
  add(@Session() session: Session<Shop>, @Param('word') word: string): string {
    session[word] = true;
    return `added ${word};`;
  }

  @Get('slow')
  async slow(@Session() session: Session<Shop>): Promise<string> {
    session.item = 'written by a slow request';
    began.resolve();
    await goOn.promise;
    return 'nobody reads this';
  }

  @Get('endless')
  endless(@Session() session: Session<Shop>): StreamableFile {
    session.item = 'written before the stream';
    return new StreamableFile(Readable.from(forEver()));
  }

  @Get('tagged')
  @Header('etag', '"1"')
  tagged(
    @Session() session: Session<Shop>,
    @Req() request: { headers: Record<string, string> },
    @Res({ passthrough: true }) response: { status(code: number): void },
  ): string | undefined {
    session.visits = (session.visits ?? 0) + 1;
    if (request.headers['if-none-match'] !== '"1"') return 'tagged';
    response.status(304);
    return undefined;
  }
}

function* forEver(): Generator<string> {
  for (;;) yield 'x'.repeat(10_000);
}

describe.each(platforms)('connections, on %s', (platform) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let app: HttpApp;
  let stop: () => Promise<void>;
  let socket: Socket | undefined;

  beforeAll(async () => {
    ({ app, proxy, server, stop } = await startProxiedApp(platform, {
      controllers: [ShopController, ConnectionsController],
    }));
  });
  afterAll(() => stop());
  beforeEach(() => {
    began = deferred();
    goOn = deferred();
    proxy.delay(0);
  });
  afterEach(() => {
    socket?.destroy();
    socket = undefined;
  });

  async function visitor(attributes: object = { item: 'tea' }) {
    const browser = app.browser();
    const { id } = (await browser.post('/session', attributes)).json() as { id: string };
    const key = `{${app.applicationName}_${id}}_Data`;
    return { browser, cookie: `sid=${browser.cookie('sid')}`, stored: () => server.admin.hgetall(key) };
  }

  /** Pipelines requests on one connection. */
  function pipeline(...requests: string[]): () => string {
    const { port, hostname } = new URL(app.url);
    let received = '';
    socket = connect(Number(port), hostname).on('data', (chunk) => (received += String(chunk)));
    socket.on('error', () => undefined);
    socket.write(
      requests.map((lines) => `${lines}\r\nhost: ${hostname}\r\ncontent-length: 0\r\n\r\n`).join(''),
    );
    return () => received;
  }

  it('each pipelined request stores its change, and the responses keep their order', async () => {
    const { cookie, stored } = await visitor();
    proxy.delay(10);
    const words = ['one', 'two', 'three', 'four', 'five'];
    const received = pipeline(...words.map((word) => `POST /add/${word} HTTP/1.1\r\ncookie: ${cookie}`));
    await eventually(() => received().includes('added five;'));
    expect(received().match(/added \w+;/g)).toEqual(words.map((word) => `added ${word};`));
    expect(await stored()).toMatchObject(Object.fromEntries(words.map((word) => [word, 'true'])));
  });

  it('pipelined requests with and without a session are answered in order', async () => {
    const { cookie } = await visitor();
    proxy.delay(10);
    const received = pipeline(
      `POST /add/one HTTP/1.1\r\ncookie: ${cookie}`,
      'GET /nothing HTTP/1.1',
      `POST /add/two HTTP/1.1\r\ncookie: ${cookie}`,
    );
    await eventually(() => received().includes('added two;'));
    expect(received().match(/added \w+;|no session here/g)).toEqual([
      'added one;',
      'no session here',
      'added two;',
    ]);
    expect(received()).not.toMatch(/set-cookie/i);
  });

  it('visitors who share a keep-alive connection have separate sessions', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const visitors = [
      await visitor({ user: 'ada' }),
      await visitor({ user: 'bob' }),
      await visitor({ user: 'cy' }),
    ];
    const sockets = new Set<unknown>();
    const seen: unknown[] = [];
    for (const { cookie } of [...visitors, ...visitors]) {
      const asking = ask(`${app.url}/session`, { agent, headers: { cookie } }).end();
      asking.once('socket', (used) => sockets.add(used));
      const [answer] = (await once(asking, 'response')) as [Readable];
      seen.push(JSON.parse(await text(answer)).attributes.user);
    }
    agent.destroy();
    expect(seen).toEqual(['ada', 'bob', 'cy', 'ada', 'bob', 'cy']);
    expect(sockets.size).toBe(1);
  });

  it('if a client disconnects before the response, the change is stored and others are served', async () => {
    const { browser, cookie, stored } = await visitor();
    pipeline(`GET /slow HTTP/1.1\r\ncookie: ${cookie}`);
    await began.promise;
    socket!.destroy();
    goOn.resolve();
    await eventually(async () =>
      expect(await stored()).toMatchObject({ item: '"written by a slow request"' }),
    );
    expect((await browser.get('/session')).status).toBe(200);
  });

  it('if a client disconnects during a stream, others are served', async () => {
    const { browser, cookie, stored } = await visitor();
    const received = pipeline(`GET /endless HTTP/1.1\r\ncookie: ${cookie}`);
    await eventually(() => received().length > 100_000);
    socket!.destroy();
    expect(await stored()).toMatchObject({ item: '"written before the stream"' });
    expect((await browser.get('/session')).status).toBe(200);
  });

  it('if a client disconnects while the response is held, the change is stored and others are served', async () => {
    const { browser, cookie, stored } = await visitor();
    await server.resetStats();
    proxy.delay(100, 'toClient');
    pipeline(`POST /add/one HTTP/1.1\r\ncookie: ${cookie}`);
    // Redis has stored the change, and its reply is on the way.
    await eventually(async () => expect(await server.commandStats()).toMatchObject({ evalsha: 1 }));
    socket!.destroy();
    await eventually(async () => expect(await stored()).toMatchObject({ one: 'true' }));
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'tea', one: true });
  });

  it('a 304 response stores the session', async () => {
    const { browser, stored } = await visitor();
    expect((await browser.get('/tagged')).text).toBe('tagged');
    const answer = await browser.get('/tagged', { headers: { 'if-none-match': '"1"' } });
    expect([answer.status, answer.text]).toEqual([304, '']);
    expect(await stored()).toMatchObject({ visits: '2' });
  });

  it('HEAD stores the session, like GET', async () => {
    const { browser, stored } = await visitor();
    const answer = await browser.request('HEAD', '/tagged');
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(await stored()).toMatchObject({ visits: '1' });
  });
});
