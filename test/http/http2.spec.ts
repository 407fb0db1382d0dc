import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Res, Sse, StreamableFile } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { Readable } from 'node:stream';
import { Session, SessionState, SessionStoreUnavailableError } from 'nestjs-redis-session';
import { type Observable, of } from 'rxjs';
import { deferred, type Deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import { Http2Client } from '../support/http2-client.js';
import { createTestCertificate } from '../support/test-certificate.js';
import { type HttpApp, startApp } from './http-app.js';
import { RecordingStore } from './recording.store.js';
import { type Shop, ShopController } from './shop.controller.js';

let begun: Deferred<void>;
let finished: Deferred<void>;

@Controller('http2')
class Http2Controller {
  @Get('stream')
  stream(@Session() session: Session<Shop>): StreamableFile {
    session.item = 'streamed';
    return new StreamableFile(Readable.from(['one ', 'two']));
  }

  @Sse('events')
  events(@Session() session: Session<Shop>): Observable<MessageEvent> {
    session.item = 'told';
    return of({ data: 'one event' });
  }

  @Get('raw')
  raw(@Session() session: Session<Shop>, @Res() reply: { raw: ServerResponse }): void {
    session.item = 'raw';
    reply.raw.writeHead(201, { 'x-way': 'raw' }).write('one ');
    reply.raw.end('two');
  }

  @Get('large')
  large(@Session() session: Session<Shop>): string {
    session.item = 'large';
    return 'x'.repeat(300_000);
  }

  @Post('slow')
  @SessionState('exclusive')
  async slow(@Session() session: Session<Shop>): Promise<string> {
    session.item = 'slow';
    begun.resolve();
    await finished.promise;
    return 'slow';
  }
}

const certificate = createTestCertificate();

describe.each([
  ['in cleartext', { http2: true as const }],
  ['over TLS', { http2: true as const, https: { ...certificate, allowHTTP1: true } }],
])('Fastify with HTTP/2 %s', (_how, fastify) => {
  let store: RecordingStore;
  let app: HttpApp;
  let url: string;
  let browser: Http2Client;
  const clients: Http2Client[] = [];

  beforeAll(async () => {
    store = new RecordingStore();
    app = await startApp('fastify', {
      controllers: [ShopController, Http2Controller],
      options: { store, cookie: { secure: 'auto' } },
      fastify,
    });
    url = app.url.replace(/^http:/, 'https' in fastify ? 'https:' : 'http:');
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await app.close();
  });
  beforeEach(async () => {
    store.failing = undefined;
    begun = deferred();
    finished = deferred();
    browser = newBrowser();
    await browser.post('/session', { item: 'tea' });
  });

  function newBrowser(): Http2Client {
    const client = new Http2Client(url, { ca: certificate.cert });
    clients.push(client);
    return client;
  }

  const item = async () => ((await browser.get('/session')).json().attributes as Shop).item;

  it('reads and changes the session', async () => {
    expect(await item()).toBe('tea');
    await browser.post('/session', { item: 'coffee' });
    expect(await item()).toBe('coffee');
  });

  it.each([
    ['a stream', '/http2/stream', 'one two', 'streamed'],
    ['server-sent events', '/http2/events', 'data: one event', 'told'],
    ['a raw answer', '/http2/raw', 'one two', 'raw'],
    ['a large answer', '/http2/large', 'x'.repeat(300_000), 'large'],
  ])('stores the session of %s', async (_what, path, text, stored) => {
    expect((await browser.get(path)).text).toContain(text);
    expect(await item()).toBe(stored);
  });

  it.each(['/http2/stream', '/http2/events', '/http2/raw', '/http2/large'])(
    'answers 503 if the session cannot be stored, and keeps running: %s',
    async (path) => {
      store.failing = 'save';
      store.failure = new SessionStoreUnavailableError('save', 1, new Error('at 10.0.0.7:6379'));
      const answer = await browser.get(path);
      expect(answer.status).toBe(503);
      expect(answer.json()).toEqual({ statusCode: 503, message: 'Service Unavailable' });
      store.failing = undefined;
      expect(await item()).toBe('tea');
    },
  );

  it('frees the lock of a client that disconnects', async () => {
    const stream = browser.open('POST', '/http2/slow');
    stream.on('error', () => undefined);
    await begun.promise;
    stream.close(8);
    // The next request gets the lock while the first handler still runs.
    begun = deferred();
    const next = browser.request('POST', '/http2/slow');
    await begun.promise;
    finished.resolve();
    expect((await next).text).toBe('slow');
  });

  it('drops a held response if its client disconnects', async () => {
    const saved = deferred();
    const save = store.save.bind(store);
    const held = deferred();
    store.save = async (...args) => {
      held.resolve();
      await saved.promise;
      return save(...args);
    };
    try {
      const stream = browser.open('GET', '/http2/large');
      stream.on('error', () => undefined);
      await held.promise;
      stream.close(8);
      await eventually(() => stream.destroyed);
    } finally {
      store.save = save;
      saved.resolve();
    }
    await eventually(async () => expect(await item()).toBe('large'));
  });

  if ('https' in fastify) {
    it('serves HTTP/1.1 on the same port', async () => {
      const { Agent, request } = await import('node:https');
      const agent = new Agent({ ca: certificate.cert });
      const status = await new Promise((resolve, reject) => {
        request(`${url}/session`, { agent }, (answer) => {
          answer.resume();
          resolve(`${answer.httpVersion} ${answer.statusCode}`);
        })
          .once('error', reject)
          .end();
      });
      agent.destroy();
      expect(status).toBe('1.1 200');
    });
  }
});
