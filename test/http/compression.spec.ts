import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Res, StreamableFile } from '@nestjs/common';
import compression from 'compression';
import { Session } from 'nestjs-redis-session';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';

interface Shop {
  visits: number;
}

type Raw = ServerResponse & { raw?: ServerResponse };

const TEXT = 'all the tea in China '.repeat(50_000);
const digest = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** Small chunks leave room in every buffer: a writer that waits for 'drain' after the first gets no other event. */
function stream(): Readable {
  return Readable.from(TEXT.match(/[^]{1,5000}/g)!);
}

@Controller()
class Texts {
  @Get('value')
  value(@Session() session: Session<Shop>): string {
    session.visits = (session.visits ?? 0) + 1;
    return TEXT;
  }

  @Get('stream')
  stream(@Session() session: Session<Shop>): StreamableFile {
    session.visits = (session.visits ?? 0) + 1;
    return new StreamableFile(stream(), { type: 'text/plain' });
  }

  @Get('pipe')
  pipe(@Session() session: Session<Shop>, @Res() response: Raw): void {
    session.visits = (session.visits ?? 0) + 1;
    const raw = response.raw ?? response;
    raw.setHeader('content-type', 'text/plain');
    stream().pipe(raw);
  }

  @Get('visits')
  visits(@Session('visits') visits: number): number {
    return visits;
  }
}

describe.each(platforms)('behind compression middleware, on %s', (platform) => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  // With a sliding cookie the response is held from the start, otherwise from the first look at the session.
  describe.each([
    ['before compression begins', true],
    ['after compression has begun', false],
  ])('with a session that is first touched %s', (_when, persistent) => {
    let app: HttpApp;
    beforeAll(async () => {
      app = await startApp(platform, {
        controllers: [Texts],
        options: { store: 'redis', port: server.port, cookie: { persistent } },
        main: (nest) => void nest.use(compression()),
      });
    });
    afterAll(() => app.close());

    it.each(['value', 'stream', 'pipe'])(
      'compresses a %s completely and stores the session',
      async (path) => {
        const browser = app.browser();
        for (const visits of [1, 2]) {
          const { hash, encoding } = await download(app.url, path, browser);
          expect(encoding).toBe('gzip');
          expect(hash).toBe(digest(TEXT));
          expect((await browser.get('/visits')).json()).toBe(visits);
        }
      },
    );
  });
});

// `fetch` decompresses the body and keeps this header.
async function download(
  url: string,
  path: string,
  browser: Browser,
): Promise<{ hash: string; encoding: string | null }> {
  const cookie = browser.cookie('sid');
  const answer = await fetch(`${url}/${path}`, {
    headers: { 'accept-encoding': 'gzip', ...(cookie && { cookie: `sid=${cookie}` }) },
  });
  const sent = /sid=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1];
  if (sent) browser.setCookie('sid', sent);
  return {
    hash: digest(Buffer.from(await answer.arrayBuffer())),
    encoding: answer.headers.get('content-encoding'),
  };
}
