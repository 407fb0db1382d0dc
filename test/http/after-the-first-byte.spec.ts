import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Logger, Param, Query, Req, Res, Sse, StreamableFile } from '@nestjs/common';
import type { LoggerService, MessageEvent } from '@nestjs/common';
import { Session, SessionState } from 'nestjs-redis-session';
import { from, Observable } from 'rxjs';
import { Http2Client } from '../support/http2-client.js';
import { type HttpApp, startApp } from './http-app.js';
import { RecordingStore } from './recording.store.js';
import { type Shop, ShopController } from './shop.controller.js';

type AnyReply = ServerResponse & { raw?: ServerResponse };
const turn = () => new Promise((resolve) => void setImmediate(resolve));

/** Why late verbs were refused. */
let refused: unknown[];

const verbs: Record<string, (session: Session<Shop>) => unknown> = {
  change: (session) => void (session.item = 'late'),
  push: (session) => session.cart!.push('late'),
  save: (session) => {
    session.item = 'late';
    return session.save();
  },
  rotate: (session) => session.rotate(),
  regenerate: (session) => session.regenerate(),
  destroy: (session) => session.destroy(),
};

async function late(session: Session<Shop>, verb: string): Promise<void> {
  await turn();
  try {
    await verbs[verb]!(session);
  } catch (error) {
    refused.push((error as { code?: string }).code);
  }
}

@Controller('late')
class LateController {
  @Get('raw/:verb')
  async raw(
    @Req() request: { session: Session<Shop> },
    @Res() reply: AnyReply,
    @Param('verb') verb: string,
    @Query('early') early?: string,
  ): Promise<void> {
    const response = reply.raw ?? reply;
    if (early !== undefined) request.session.visits = Number(early);
    response.write('begun, ');
    await late(request.session, verb);
    response.end('ended');
  }

  @Get('at-once')
  atOnce(@Session() session: Session<Shop>, @Res() reply: AnyReply): void {
    const response = reply.raw ?? reply;
    session.visits = 1;
    response.writeHead(200);
    response.write('begun, ');
    session.item = 'late';
    response.end('ended');
  }

  @Get('stream/:verb')
  stream(@Req() request: { session: Session<Shop> }, @Param('verb') verb: string): StreamableFile {
    const chunks = async function* () {
      yield 'begun, ';
      await late(request.session, verb);
      yield 'ended';
    };
    return new StreamableFile(Readable.from(chunks()));
  }

  @Sse('events/:verb')
  events(@Req() request: { session: Session<Shop> }, @Param('verb') verb: string): Observable<MessageEvent> {
    const events = async function* () {
      yield { data: 'begun' };
      await late(request.session, verb);
      yield { data: 'ended' };
    };
    return from(events());
  }

  @Get('exclusive')
  @SessionState('exclusive')
  async exclusive(@Session() session: Session<Shop>, @Res() reply: AnyReply): Promise<void> {
    const response = reply.raw ?? reply;
    response.write('begun, ');
    await late(session, 'change');
    response.end('ended');
  }
}

/** The log of the application. */
let logged: string[];
const note = (message: unknown) => void logged.push(String(message));

const whole = (path: string) => (path.startsWith('events') ? /begun[^]*ended/ : /^begun, ended$/);

describe.each([
  ['express', 'HTTP/1.1'],
  ['fastify', 'HTTP/1.1'],
  ['fastify', 'HTTP/2'],
] as const)('after the first byte of an answer, on %s over %s', (platform, protocol) => {
  let app: HttpApp;
  let store: RecordingStore;
  let visitor: Pick<Http2Client, 'get' | 'post'>;
  const clients: Http2Client[] = [];

  beforeAll(async () => {
    store = new RecordingStore();
    app = await startApp(platform, {
      controllers: [ShopController, LateController],
      options: { store },
      ...(protocol === 'HTTP/2' && { fastify: { http2: true as const } }),
    });
    Logger.overrideLogger({ log: () => undefined, warn: note, error: note } satisfies LoggerService);
  });
  afterAll(async () => {
    Logger.overrideLogger(false);
    for (const client of clients) client.close();
    await app.close();
  });
  beforeEach(() => {
    refused = [];
    logged = [];
    store.failing = undefined;
    if (protocol === 'HTTP/1.1') {
      visitor = app.browser();
    } else {
      clients.push(new Http2Client(app.url));
      visitor = clients.at(-1)!;
    }
  });

  const attributes = async () => (await visitor.get('/session')).json().attributes as object;

  describe('a visitor with a session', () => {
    beforeEach(async () => {
      await visitor.post('/session', { item: 'tea', cart: ['tea'] });
    });

    it.each(['raw/change', 'raw/change?early=1', 'stream/change', 'events/change', 'at-once'])(
      'has the late change of the handler stored: %s',
      async (path) => {
        expect((await visitor.get(`/late/${path}`)).text).toMatch(whole(path));
        expect(await attributes()).toMatchObject({ item: 'late' });
        expect(logged).toEqual([]);
      },
    );

    it.each(['raw/push', 'raw/push?early=1', 'stream/push', 'events/push'])(
      'has a late addition to an array stored: %s',
      async (path) => {
        expect((await visitor.get(`/late/${path}`)).text).toMatch(whole(path));
        expect(await attributes()).toMatchObject({ cart: ['tea', 'late'] });
      },
    );

    it.each(['raw/destroy', 'stream/destroy', 'events/destroy'])('is logged out: %s', async (path) => {
      expect((await visitor.get(`/late/${path}`)).text).toMatch(whole(path));
      expect(await attributes()).toEqual({});
    });

    it.each(
      ['rotate', 'regenerate'].flatMap((verb) => ['raw', 'stream', 'events'].map((how) => `${how}/${verb}`)),
    )('keeps the session that the browser knows: %s', async (path) => {
      expect((await visitor.get(`/late/${path}`)).text).toMatch(whole(path));
      expect(refused).toEqual(['SESSION_ANSWER_SENT']);
      expect(await attributes()).toEqual({ item: 'tea', cart: ['tea'] });
    });

    it('has its response aborted if the late change cannot be stored', async () => {
      store.failing = 'save';
      await expect(visitor.get('/late/raw/change')).rejects.toMatchObject({
        code: expect.stringMatching(/^(ECONNRESET|ERR_HTTP2_STREAM_ERROR)$/),
      });
      expect(logged).toEqual(['GET /late/raw/:verb could not store its session after the first byte.']);
    });

    it('gets the late change of an exclusive route refused, since the lock was released', async () => {
      expect((await visitor.get('/late/exclusive')).text).toBe('begun, ended');
      expect(logged).toEqual([expect.stringMatching(/^GET \/late\/exclusive: The lock of session .* ended/)]);
      expect(await attributes()).toMatchObject({ item: 'tea' });
    });
  });

  describe('a visitor without a session', () => {
    it.each(['raw/change', 'stream/change', 'events/change'])(
      'gets the complete response, and no session is stored: %s',
      async (path) => {
        store.take();
        expect((await visitor.get(`/late/${path}`)).text).toMatch(whole(path));
        expect(store.take()).toEqual([]);
        const pattern = `/late/${path.replace('change', ':verb')}`;
        expect(logged).toEqual([expect.stringMatching(`^GET ${pattern}: Cannot store a new session`)]);
      },
    );

    it.each(
      ['save', 'regenerate'].flatMap((verb) => ['raw', 'stream', 'events'].map((how) => `${how}/${verb}`)),
    )('refuses a verb that needs a cookie: %s', async (path) => {
      store.take();
      expect((await visitor.get(`/late/${path}`)).text).toMatch(whole(path));
      expect(refused).toEqual(['SESSION_ANSWER_SENT']);
      expect(store.take()).toEqual([]);
    });
  });
});
