import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Req, Res, StreamableFile } from '@nestjs/common';
import { Http2Client } from '../support/http2-client.js';
import { type HttpApp, startApp } from '../http/http-app.js';
import { RecordingStore } from '../http/recording.store.js';

type AnyReply = ServerResponse & {
  raw?: ServerResponse;
  header(name: string, value: string): AnyReply;
  type(type: string): AnyReply;
  redirect(url: string): AnyReply;
  send(body?: unknown): unknown;
};

const missing = '/no/such/folder/no-such-file';
const name = 'price in €';

const circle: Record<string, unknown> = {};
circle.itself = circle;

/** What a handler returns for a name that a visitor chose. */
const returned: Record<string, (reply: AnyReply) => unknown> = {
  'a header': (reply) => {
    (reply.raw ?? reply).statusCode = 201;
    reply.header('x-file', name);
    return 'never sent';
  },
  'the name of a downloaded file': () =>
    new StreamableFile(Readable.from(['never sent']), { disposition: `attachment; filename="${name}"` }),
  'a circular body': () => circle,
  'a missing file': () => new StreamableFile(createReadStream(missing)),
  'a stream that fails at once': () =>
    new StreamableFile(
      new Readable({
        read() {
          this.destroy(new Error('broken'));
        },
      }),
    ),
};

/** What a handler sends itself. */
const sent: Record<string, (reply: AnyReply) => unknown> = {
  'a redirect': (reply) => reply.redirect(`/elsewhere?name=${name}`),
  'the headers of writeHead': (reply) =>
    (reply.raw ?? reply).writeHead(201, { 'x-file': name }).end('never sent'),
  'an invalid status': (reply) => {
    (reply.raw ?? reply).statusCode = 1000;
    (reply.raw ?? reply).end('never sent');
  },
};

/** What only Fastify can send. */
const sentByFastify: Record<string, (reply: AnyReply) => unknown> = {
  'a payload that cannot be sent': (reply) => reply.type('text/plain').send({ a: 1 }),
  'a raw stream of a missing file': (reply) => reply.send(createReadStream(missing)),
  'a stream that fails later': (reply) => {
    const failing = new Readable({ read: () => undefined });
    reply.send(failing);
    setImmediate(() => failing.destroy(new Error('broken')));
  },
};

@Controller()
class Downloads {
  @Get('returned/:way')
  returns(
    @Req() request: { session?: Record<string, unknown> },
    @Res({ passthrough: true }) reply: AnyReply,
    @Param('way') way: string,
  ): unknown {
    if (request.session) request.session.item = way;
    return returned[way]!(reply);
  }

  @Get('sent/:way')
  async sends(
    @Req() request: { session?: Record<string, unknown> },
    @Res() reply: AnyReply,
    @Param('way') way: string,
  ): Promise<unknown> {
    if (request.session) request.session.item = way;
    ({ ...sent, ...sentByFastify })[way]!(reply);
    return reply;
  }

  @Get('item')
  item(@Req() request: { session: { item?: string } }): string {
    return `item: ${request.session.item}`;
  }
}

class LaterStore extends RecordingStore {
  override async create(...args: Parameters<RecordingStore['create']>) {
    await new Promise((resolve) => void setImmediate(resolve));
    return super.create(...args);
  }
}

// Without an onSend hook, Fastify itself ends the process.
function passThrough(nest: HttpApp['app']): void {
  const instance = nest.getHttpAdapter().getInstance() as {
    addHook?: (name: string, hook: Hook) => void;
  };
  instance.addHook?.('onSend', (_request, _reply, payload, done) => done(null, payload));
}
type Hook = (
  request: object,
  reply: object,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
) => void;

const paths = [
  ...Object.keys(returned).map((way) => `/returned/${way}`),
  ...Object.keys(sent).map((way) => `/sent/${way}`),
];
const fastifyPaths = [...paths, ...Object.keys(sentByFastify).map((way) => `/sent/${way}`)];

describe.each([
  ['express', 'HTTP/1.1', paths],
  ['fastify', 'HTTP/1.1', fastifyPaths],
  ['fastify', 'HTTP/2', fastifyPaths],
] as const)('an answer that cannot be sent, on %s over %s', (platform, protocol, all) => {
  let plain: HttpApp;
  let app: HttpApp;
  const clients: Http2Client[] = [];

  beforeAll(async () => {
    const setup = {
      controllers: [Downloads],
      ...(protocol === 'HTTP/2' && { fastify: { http2: true as const } }),
    };
    plain = await startApp(platform, { ...setup, plain: true, main: passThrough });
    app = await startApp(platform, { ...setup, options: { store: new LaterStore() } });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await Promise.all([plain.close(), app.close()]);
  });

  function visitor(from: HttpApp): Pick<Http2Client, 'get'> {
    if (protocol === 'HTTP/1.1') return from.browser();
    const client = new Http2Client(from.url);
    clients.push(client);
    return client;
  }

  async function answer(from: HttpApp, path: string): Promise<unknown> {
    try {
      const { status, text } = await visitor(from).get(encodeURI(path));
      return { status, text };
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  }

  it.each(all)('fails as without the package, and the process keeps running: %s', async (path) => {
    const without = await answer(plain, path);
    expect(await answer(app, path)).toEqual(without);
    expect(await visitor(app).get('/item')).toMatchObject({ status: 200, text: 'item: undefined' });
  });
});
