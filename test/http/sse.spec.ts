import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type MessageEvent, Param, Post, Sse } from '@nestjs/common';
import { Session, SessionState } from 'nestjs-redis-session';
import { Observable, of, Subject } from 'rxjs';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import type { RedisServer } from '../support/redis-server.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { storedAtFirstByte } from './first-byte.js';
import { type HttpApp, platforms } from './http-app.js';
import { startProxiedApp } from './proxied-app.js';
import { type Shop, ShopController } from './shop.controller.js';

let words: Subject<string>;

@Controller('events')
class EventsController {
  @Sse('once')
  once(@Session() session: Session<Shop>): Observable<MessageEvent> {
    session.item = 'written before the stream';
    return of({ data: 'one event' });
  }

  @Sse('item')
  item(@Session() session: Session<Shop>): Observable<MessageEvent> {
    return of({ data: `item: ${session.item}` });
  }

  @Sse('words')
  words(@Session() session: Session<Shop>): Observable<MessageEvent> {
    return saving(session);
  }

  @Sse('exclusive')
  @SessionState('exclusive')
  exclusive(@Session() session: Session<Shop>): Observable<MessageEvent> {
    return saving(session);
  }

  @Post('say/:word')
  say(@Param('word') word: string): void {
    words.next(word);
  }
}

/** Stores each word during the stream, then sends it. */
function saving(session: Session<Shop>): Observable<MessageEvent> {
  return new Observable((events) => {
    events.next({ data: 'began' });
    return words.subscribe((word) => {
      session.item = word;
      session.save().then(
        () => events.next({ data: `saved ${word}` }),
        (error: Error) => events.next({ data: error.name }),
      );
    });
  });
}

describe.each(platforms)('server-sent events, on %s', (platform) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let app: HttpApp;
  let stop: () => Promise<void>;
  let browser: Browser;
  const open: IncomingMessage[] = [];

  beforeAll(async () => {
    ({ app, proxy, server, stop } = await startProxiedApp(platform, {
      controllers: [ShopController, EventsController],
    }));
  });
  afterAll(() => stop());
  beforeEach(async () => {
    await proxy.reset();
    words = new Subject();
    browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    for (const stream of open.splice(0)) stream.destroy();
  });

  /** Opens a stream. Returns what it has received so far. */
  async function listen(path: string): Promise<() => string> {
    let told = '';
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { cookie: `sid=${browser.cookie('sid')}` };
      request(`${app.url}/events/${path}`, { headers, agent: false }, resolve).once('error', reject).end();
    });
    open.push(answer);
    answer.on('data', (chunk) => (told += String(chunk))).on('error', () => undefined);
    await eventually(() => told.includes('began'));
    return () => told;
  }

  it('the session is readable', async () => {
    expect((await browser.get('/events/item')).text).toContain('data: item: tea');
  });

  it('what the handler wrote is stored before the stream starts', async () => {
    proxy.delay(60, 'toServer');
    const { stored, answer } = await storedAtFirstByte(app, server.admin, '/events/once', {
      until: 'data: one event',
    });
    expect(stored).toMatchObject({ item: '"written before the stream"' });
    expect(answer).toContain('data: one event');
  });

  it('the stream stores its changes with session.save()', async () => {
    const told = await listen('words');
    await browser.post('/events/say/coffee');
    await eventually(() => told().includes('saved coffee'));
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'coffee' });
    await browser.post('/events/say/milk');
    await eventually(() => told().includes('saved milk'));
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'milk' });
  });

  it('an open stream of an exclusive route holds no lock', async () => {
    const told = await listen('exclusive');
    await eventually(
      async () => (await server.admin.keys(`{${app.applicationName}_*_Write_Lock`)).length === 0,
    );
    const second = await listen('exclusive');
    expect([told(), second()]).toEqual([expect.stringContaining('began'), expect.stringContaining('began')]);
  });

  it('a save in the stream of a visitor who has logged out is refused', async () => {
    const [id] = browser.cookie('sid')!.split('.');
    const told = await listen('words');
    await browser.post('/logout');
    await browser.post('/events/say/coffee');
    await eventually(() => told().includes('SessionGoneError'));
    expect(await server.admin.exists(`{${app.applicationName}_${id}}_Data`)).toBe(0);
  });

  it('a stream whose session cannot be stored is answered with 503', async () => {
    await proxy.goAway();
    expect((await app.browser().get('/events/once')).status).toBe(503);
  });
});
