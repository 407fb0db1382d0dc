import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ArgumentsHost, Catch, Controller, type ExceptionFilter, Get, Post, Res } from '@nestjs/common';
import compression from 'compression';
import { Session, SessionStoreUnavailableError } from 'nestjs-redis-session';
import { deferred, type Deferred } from '../support/barrier.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { RecordingStore } from './recording.store.js';
import { type Shop, ShopController } from './shop.controller.js';

type AnyResponse = ServerResponse & { raw?: ServerResponse; send(body: string): unknown };
const rawOf = (response: AnyResponse): ServerResponse => response.raw ?? response;

const TEXT = 'all the tea in China '.repeat(5000);

/** Saves wait for this. */
let gate: Deferred<void>;
let written: Deferred<void>;

class SlowStore extends RecordingStore {
  override async save(...args: Parameters<RecordingStore['save']>) {
    await gate.promise;
    return super.save(...args);
  }
}

/** `headersSent` and `writableEnded` right after the handler sent its response. */
let looked: boolean[] | undefined;

/** What a handler still does after its response was discarded without its knowledge. */
let leftover: (() => void) | undefined;

@Catch(SessionStoreUnavailableError)
class SorryPage implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<AnyResponse>();
    const raw = rawOf(response);
    raw.statusCode = 503;
    raw.end('sorry');
    leftover?.();
  }
}

@Controller('held')
class HeldController {
  @Get('refused-header')
  refused(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'coffee';
    rawOf(response).writeHead(200, { 'x-bad': 'two\nlines' }).end('never sent');
  }

  @Get('looks')
  looks(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'coffee';
    const raw = rawOf(response);
    const look = () => [raw.headersSent, raw.writableEnded];
    const before = look();
    const wrote = raw.write(' ');
    const during = look();
    raw.once('drain', () => raw.end(JSON.stringify({ before, wrote, during, drained: look() })));
    written.resolve();
  }

  @Get('sent')
  sent(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'coffee';
    response.send('sent');
    const raw = rawOf(response);
    looked = [raw.headersSent, raw.writableEnded];
    written.resolve();
  }

  @Get('ended')
  ended(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'coffee';
    const raw = rawOf(response);
    raw.end('first');
    raw.end();
    written.resolve();
    raw.writeHead(500);
  }

  @Get('goes-on')
  goesOn(@Session() session: Session<Shop>, @Res() response: AnyResponse): void {
    session.item = 'coffee';
    const raw = rawOf(response);
    raw.write('written ');
    leftover = () => {
      raw.write('anyway');
      raw.end('and more');
    };
  }

  @Get('text')
  text(@Session() session: Session<Shop>): string {
    session.item = 'coffee';
    return TEXT;
  }

  @Post('tea')
  tea(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }
}

describe.each(platforms)('a response that is held until the store replies, on %s', (platform) => {
  let store: SlowStore;
  let app: HttpApp;
  beforeEach(() => {
    store = new SlowStore();
    gate = deferred();
    written = deferred();
  });
  afterEach(() => app.close());

  async function visitor({ persistent = false, compressed = false, page = false } = {}) {
    app = await startApp(platform, {
      controllers: [ShopController, HeldController],
      options: { store, cookie: { persistent } },
      main: (nest) => {
        if (compressed) nest.use(compression());
        if (page) nest.useGlobalFilters(new SorryPage());
      },
    });
    const browser = app.browser();
    await browser.post('/held/tea');
    return browser;
  }

  it('looks sent to the code that wrote it, and emits drain', async () => {
    const browser = await visitor();
    const answer = browser.get('/held/looks');
    await written.promise;
    gate.resolve();
    expect((await answer).json()).toEqual({
      before: [false, false],
      wrote: false,
      during: [true, false],
      drained: [true, false],
    });
  });

  it('looks ended to the code that sent it', async () => {
    const browser = await visitor();
    const answer = browser.get('/held/sent');
    await written.promise;
    expect(looked).toEqual([true, true]);
    gate.resolve();
    expect(await answer).toMatchObject({ status: 200, text: 'sent' });
  });

  it('is the first one, whatever is written later', async () => {
    const browser = await visitor();
    const answer = browser.get('/held/ended');
    await written.promise;
    gate.resolve();
    expect(await answer).toMatchObject({ status: 200, text: 'first' });
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'coffee' });
  });

  it('becomes a 500 if Node refuses one of its headers, and the process keeps running', async () => {
    const browser = await visitor();
    gate.resolve();
    const answer = await browser.get('/held/refused-header');
    expect([answer.status, answer.text]).toEqual([500, expect.not.stringContaining('never sent')]);
    expect((await browser.get('/session')).status).toBe(200);
  });

  it.each([
    ['before compression begins', true],
    ['after compression has begun', false],
  ])(
    'becomes an uncompressed 503 if the store fails, with a session touched %s',
    async (_when, persistent) => {
      const browser = await visitor({ persistent, compressed: true });
      gate.resolve();
      store.failing = 'save';
      store.failure = new SessionStoreUnavailableError('save', 1, new Error('The store broke'));
      const answer = await browser.get('/held/text', { headers: { 'accept-encoding': 'gzip' } });
      expect(answer.status).toBe(503);
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.json()).toMatchObject({ statusCode: 503 });
    },
  );

  it('ignores later writes if the store fails', async () => {
    const browser = await visitor({ page: true });
    gate.resolve();
    store.failing = 'save';
    store.failure = new SessionStoreUnavailableError('save', 1, new Error('The store broke'));
    expect(await browser.get('/held/goes-on')).toMatchObject({ status: 503, text: 'sorry' });
    expect((await browser.get('/session')).status).toBe(200);
  });
});
