import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import type { RedisServer } from '../support/redis-server.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { storedAtFirstByte } from './first-byte.js';
import { type HttpApp, platforms } from './http-app.js';
import { startProxiedApp } from './proxied-app.js';

interface Shop {
  item: string;
}

const thisFile = fileURLToPath(import.meta.url);

/** What Express and Fastify have in common, and the raw response of both. */
interface AnyResponse {
  send(body?: unknown): void;
  redirect(url: string): void;
  status(code: number): AnyResponse;
  header(name: string, value: string): AnyResponse;
  sendFile(path: string): void;
}

const raw = (response: AnyResponse): ServerResponse =>
  (response as { raw?: ServerResponse }).raw ?? (response as unknown as ServerResponse);

const ways: Record<string, (response: AnyResponse) => unknown> = {
  send: (response) => response.send('sent'),
  'status-send': (response) => response.status(201).send({ sent: true }),
  redirect: (response) => response.status(302).redirect('/elsewhere'),
  end: (response) => raw(response).end('ended'),
  'end-empty': (response) => raw(response).end(),
  'end-callback': (response) => raw(response).end('called back', () => undefined),
  'end-twice': (response) => {
    raw(response).end('first');
    raw(response).end();
  },
  write: (response) => {
    raw(response).write('one ');
    raw(response).end('two');
  },
  'write-many': (response) => {
    for (const word of ['one ', 'two ', 'three ']) raw(response).write(word);
    raw(response).end();
  },
  'write-length': (response) => {
    raw(response).setHeader('content-length', 7);
    raw(response).write('one ');
    raw(response).end('two');
  },
  head: (response) => raw(response).writeHead(201, 'Done', { 'x-way': 'head' }).end('created'),
  'head-twice': (response) => {
    raw(response).writeHead(202, { 'x-way': 'first' });
    try {
      raw(response).writeHead(500, { 'x-way': 'second' });
    } finally {
      raw(response).end('accepted');
    }
  },
  flush: (response) => {
    raw(response).flushHeaders();
    raw(response).end('flushed');
  },
  pipe: (response) => createReadStream(thisFile, { highWaterMark: 512 }).pipe(raw(response)),
  'pipe-generated': (response) => Readable.from(['one ', 'two ', 'three']).pipe(raw(response)),
  later: (response) => void setImmediate(() => raw(response).end('later')),
};

@Controller()
class Raw {
  @Get('passthrough')
  passthrough(@Session() session: Session<Shop>, @Res({ passthrough: true }) response: AnyResponse): string {
    session.item = 'tea';
    response.header('x-way', 'passthrough');
    return 'passed through';
  }

  @Get('throws')
  throws(@Session() session: Session<Shop>, @Res() response: AnyResponse): never {
    session.item = 'tea';
    raw(response).end('sent first');
    throw new Error('thrown after the answer');
  }

  @Get('file')
  file(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'tea';
    response.sendFile(thisFile);
  }

  @Get(':way')
  answer(@Session() session: Session<Shop>, @Res() response: AnyResponse, @Param('way') way: string): void {
    session.item = 'tea';
    ways[way]!(response);
  }
}

describe.each(platforms)('a response that the handler writes itself, on %s', (platform) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let app: HttpApp;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    ({ app, proxy, server, stop } = await startProxiedApp(platform, { controllers: [Raw] }));
    // A response that does not wait for the store arrives long before the write.
    proxy.delay(60, 'toServer');
  });
  afterAll(() => stop());

  it.each([
    ['@Res() with send', '/send', ' 200 OK', 'sent'],
    ['@Res() with a status', '/status-send', ' 201 Created', '{"sent":true}'],
    ['@Res({ passthrough: true })', '/passthrough', 'x-way: passthrough', 'passed through'],
    ['a redirect', '/redirect', ' 302 Found', 'location: /elsewhere'],
    ['end with a body', '/end', ' 200 OK', 'ended'],
    ['end without a body', '/end-empty', ' 200 OK', 'content-length: 0'],
    ['end with a callback', '/end-callback', ' 200 OK', 'called back'],
    ['end called twice', '/end-twice', 'content-length: 5', 'first'],
    ['write, then end', '/write', 'transfer-encoding: chunked', 'two'],
    ['many writes', '/write-many', 'transfer-encoding: chunked', 'three'],
    ['writes of a known length', '/write-length', 'content-length: 7', 'one two'],
    ['writeHead with a message and headers', '/head', ' 201 Done', 'x-way: head'],
    ['writeHead called twice', '/head-twice', ' 202 Accepted', 'x-way: first'],
    ['flushHeaders', '/flush', ' 200 OK', 'flushed'],
    ['the pipe of a file', '/pipe', ' 200 OK', 'fileURLToPath(import.meta.url)'],
    ['the pipe of a generated stream', '/pipe-generated', ' 200 OK', 'three'],
    ['a response after the handler has returned', '/later', ' 200 OK', 'later'],
    ['a handler that throws after its response', '/throws', ' 200 OK', 'sent first'],
  ])('waits until the session is stored: %s', async (_way, path, head, content) => {
    const { stored, answer } = await storedAtFirstByte(app, server.admin, path);
    expect(stored).toMatchObject({ item: '"tea"' });
    expect(answer.toLowerCase()).toContain(head.toLowerCase());
    expect(answer.toLowerCase()).toContain(content.toLowerCase());
    expect(answer.match(/^set-cookie:/gim)).toHaveLength(1);
  });

  if (platform === 'express') {
    it('waits until the session is stored: res.sendFile', async () => {
      const { stored, answer } = await storedAtFirstByte(app, server.admin, '/file');
      expect(stored).toMatchObject({ item: '"tea"' });
      expect(answer).toContain('fileURLToPath(import.meta.url)');
    });

    it('waits until the session is stored: a range of res.sendFile', async () => {
      const range = { headers: { range: 'bytes=0-5' } };
      const { stored, answer } = await storedAtFirstByte(app, server.admin, '/file', range);
      expect(stored).toMatchObject({ item: '"tea"' });
      expect(answer).toMatch(/^HTTP\/1.1 206 [^]*\r\n\r\nimport$/);
    });
  }
});
