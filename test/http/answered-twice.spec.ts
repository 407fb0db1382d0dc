import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Next,
  Param,
  Req,
  Res,
} from '@nestjs/common';
import { deferred, type Deferred } from '../support/barrier.js';
import { Http2Client } from '../support/http2-client.js';
import { type HttpApp, startApp } from './http-app.js';
import { RecordingStore } from './recording.store.js';

type AnyReply = ServerResponse & {
  raw?: ServerResponse;
  send(body?: unknown): AnyReply;
  redirect(url: string): AnyReply;
};
interface ExpressReply extends AnyReply {
  status(code: number): ExpressReply;
  json(body: unknown): void;
}
interface FastifyReply extends AnyReply {
  code(code: number): FastifyReply;
  header(name: string, value: string): FastifyReply;
  type(type: string): FastifyReply;
  removeHeader(name: string): FastifyReply;
}

/** Saves wait until the handler has made all its mistakes. */
let done: Deferred<void>;

class PatientStore extends RecordingStore {
  override async create(...args: Parameters<RecordingStore['create']>) {
    await done.promise;
    return super.create(...args);
  }
}

/** What the handler observed, in order. */
let met: unknown[];

function attempt(name: string, action: () => unknown): void {
  try {
    met.push(`${name}: ${String(action())}`);
  } catch (error) {
    met.push(`${name}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

const handOvers: Record<string, (response: ServerResponse) => unknown> = {
  end: (response) => response.end('first'),
  write: (response) => response.write('first'),
  writeHead: (response) => response.writeHead(201, { 'x-given': 'kept', 'x-set': 'replaced' }),
  flushHeaders: (response) => response.flushHeaders(),
};

const afterwards: Record<string, (response: ServerResponse) => unknown> = {
  setHeader: (response) => void response.setHeader('x-set', 'late'),
  appendHeader: (response) => response.appendHeader('x-set', 'late'),
  removeHeader: (response) => response.removeHeader('x-set'),
  setHeaders: (response) => void response.setHeaders?.(new Map([['x-set', 'late']])),
  statusCode: (response) => Object.assign(response, { statusCode: 500 }).statusCode,
  writeHead: (response) => void response.writeHead(500),
  flushHeaders: (response) => response.flushHeaders(),
  'a bad chunk': (response) => response.writableEnded || response.write(7),
};

const http1Only: typeof afterwards = {
  statusMessage: (response) => Object.assign(response, { statusMessage: 'Late' }).statusMessage,
  // Without a listener, Node ends the process.
  'write after end': (response) => {
    if (response.writableEnded) response.on('error', note).write('second', note);
  },
  'end after end': (response) => {
    if (response.writableEnded) response.on('error', note).end('second', note);
  },
};
const note = (error?: NodeJS.ErrnoException | null) => void met.push(`told ${error?.code}`);

const onExpress: Record<string, (reply: ExpressReply, next: () => void) => unknown> = {
  'a forgotten return after a redirect': (reply) => {
    reply.redirect('/login');
    reply.json({ long: 'x'.repeat(300) });
  },
  'two answers of different lengths': (reply) => reply.send('a'.repeat(300)).send('b'),
  'next() after an answer': (reply, next) => {
    reply.redirect('/login');
    next();
  },
  'a status after an answer': (reply) => {
    reply.end('first');
    reply.statusCode = 500;
  },
  'an error after an answer, which the filter answers too': (reply) => {
    reply.send('first');
    throw new Error('too late');
  },
};

const onFastify: Record<string, (reply: FastifyReply) => unknown> = {
  'a forgotten return after a redirect': (reply) => {
    reply.redirect('/login');
    reply.send({ long: 'x'.repeat(300) });
  },
  'two answers of different lengths': (reply) => reply.send('a'.repeat(300)).send('b'),
  'a status, headers and a type after an answer': (reply) => {
    reply.header('x-set', 'first').send('first');
    reply.code(500).header('content-length', '1').header('x-set', 'late').type('text/late');
  },
  'a header removed after an answer': (reply) => {
    reply.header('x-set', 'first').send('first');
    reply.removeHeader('x-set');
  },
  'a raw header after an answer': (reply) => {
    reply.send('first');
    reply.raw!.setHeader('x-set', 'late');
  },
  'an error after an answer, which the filter answers too': (reply) => {
    reply.send('first');
    throw new Error('too late');
  },
};

@Catch()
class CatchAll implements ExceptionFilter {
  catch(error: NodeJS.ErrnoException, host: ArgumentsHost): void {
    met.push(`filtered: ${error.code ?? error.message}`);
    const reply = host.switchToHttp().getResponse<ExpressReply & FastifyReply>();
    attempt('answered by the filter', () => {
      if (reply.raw) reply.code(500).send({ filtered: true });
      else reply.status(500).json({ filtered: true });
    });
    done.resolve();
  }
}

@Controller()
class Careless {
  @Get('raw/:first/:second')
  raw(
    @Req() request: { session?: Record<string, unknown> },
    @Res() reply: AnyReply,
    @Param('first') first: string,
    @Param('second') second: string,
  ): void {
    const response = reply.raw ?? reply;
    response.statusCode = 202;
    response.setHeader('x-set', 'first');
    if (request.session) request.session.item = 'tea';
    handOvers[first]!(response);
    attempt(second, () => ({ ...afterwards, ...http1Only })[second]!(response));
    met.push(`sent ${response.headersSent}, ended ${response.writableEnded}`);
    setImmediate(() => {
      if (!response.writableEnded) response.end(' last');
      done.resolve();
    });
  }

  @Get('framework/:what')
  async framework(
    @Req() request: { session?: Record<string, unknown> },
    @Res() reply: ExpressReply & FastifyReply,
    @Next() next: () => void,
    @Param('what') what: string,
  ): Promise<void> {
    if (request.session) request.session.item = 'tea';
    setImmediate(() => done.resolve());
    if (reply.raw) onFastify[what]!(reply);
    else onExpress[what]!(reply, next);
  }
}

interface Seen {
  status: number;
  text: string;
  headers: Record<string, unknown>;
  met: unknown[];
}

describe.each([
  ['express', 'HTTP/1.1'],
  ['fastify', 'HTTP/1.1'],
  ['fastify', 'HTTP/2'],
] as const)('a handler that goes on after its answer, on %s over %s', (platform, protocol) => {
  let plain: HttpApp;
  let held: HttpApp;
  const clients: Http2Client[] = [];

  beforeAll(async () => {
    const setup = {
      controllers: [Careless],
      main: (nest: HttpApp['app']) => void nest.useGlobalFilters(new CatchAll()),
      ...(protocol === 'HTTP/2' && { fastify: { http2: true as const } }),
    };
    plain = await startApp(platform, { ...setup, plain: true });
    held = await startApp(platform, { ...setup, options: { store: new PatientStore() } });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await Promise.all([plain.close(), held.close()]);
  });
  beforeEach(() => {
    met = [];
  });

  async function see(app: HttpApp, path: string): Promise<Seen> {
    met = [];
    done = deferred();
    const client = protocol === 'HTTP/2' ? new Http2Client(app.url) : app.browser();
    if (client instanceof Http2Client) clients.push(client);
    const { status, text, headers } = await client.get(path);
    const { date: _date, 'set-cookie': cookies, 'cache-control': _cached, ...rest } = headers;
    expect(cookies?.length).toBe(app === held ? 1 : undefined);
    return { status, text, headers: rest, met };
  }

  const second = [...Object.keys(afterwards), ...(protocol === 'HTTP/1.1' ? Object.keys(http1Only) : [])];
  it.each(Object.keys(handOvers).flatMap((one) => second.map((other) => [one, other])))(
    'observes the same as without the package: %s, then %s',
    async (first, then) => {
      const path = `/raw/${first}/${encodeURIComponent(then)}`;
      expect(await see(held, path)).toEqual(await see(plain, path));
    },
  );

  it.each(Object.keys(platform === 'express' ? onExpress : onFastify))(
    'sends the same response as without the package: %s',
    async (what) => {
      const path = `/framework/${encodeURIComponent(what)}`;
      expect(await see(held, path)).toEqual(await see(plain, path));
    },
  );
});
