import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { type RedisSessionModuleOptions, Session } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { RecordingStore } from './recording.store.js';
import { type Shop, ShopController } from './shop.controller.js';

type AnyResponse = ServerResponse & { raw?: ServerResponse };

const endings: Record<string, (response: ServerResponse) => void> = {
  empty: (response) => response.end(),
  null: (response) => response.end(null),
  'a string': (response) => response.end('all'),
  'a buffer': (response) => response.end(Buffer.from('all')),
  chunked: (response) => {
    response.write('a');
    response.end('ll');
  },
  'multi-write': (response) => {
    response.write('a');
    response.write('l');
    response.end('l');
  },
  'non-chunked': (response) => {
    response.setHeader('content-length', 3);
    response.write('a');
    response.end('ll');
  },
  'later chunks': (response) => {
    response.write('a');
    setImmediate(() => response.end('ll'));
  },
  'end called twice': (response) => {
    response.end('all');
    response.end();
  },
};

@Controller()
class EndingController {
  @Get('end/:how')
  end(@Session() session: Session<Shop>, @Param('how') how: string, @Res() response: AnyResponse): void {
    session.visits = (session.visits ?? 0) + 1;
    endings[how]!(response.raw ?? response);
  }

  @Post('save')
  async save(@Session() session: Session<Shop>, @Query('later') later?: string): Promise<void> {
    session.item = 'saved';
    await session.save();
    if (later) session.item = later;
  }

  @Post('save-reload')
  async saveAndReload(@Session() session: Session<Shop>): Promise<string | undefined> {
    session.item = 'saved';
    await session.save();
    await session.reload();
    return session.item;
  }

  @Get('foo')
  foo(@Session('item') item?: string): string {
    return item ?? 'nothing';
  }

  @Get('foo/bar')
  bar(@Session('item') item?: string): string {
    return item ?? 'nothing';
  }

  @Get('foobar')
  foobar(@Req() { session }: { session?: Session<Shop> }): string {
    return typeof session;
  }

  @Get('foo/set')
  set(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }
}

describe.each(platforms)('what express-session promises, on %s', (platform) => {
  let store: RecordingStore;
  let app: HttpApp | undefined;
  beforeEach(() => {
    store = new RecordingStore();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function start(options: RedisSessionModuleOptions = {}) {
    app = await startApp(platform, {
      controllers: [ShopController, EndingController],
      options: { store, ...options },
    });
    return app.browser();
  }

  describe('a request without a cookie', () => {
    it('has a new, empty session, which is neither stored nor sent if nobody writes to it', async () => {
      const browser = await start();
      const answer = await browser.get('/session');
      expect(answer.json()).toEqual({
        id: expect.stringMatching(/^[\w-]{22}$/),
        isNew: true,
        attributes: {},
      });
      expect([answer.setCookies, store.take()]).toEqual([[], []]);
    });

    it('gets a cookie once the session is written to, and the next request loads that session', async () => {
      const browser = await start();
      const { id } = (await browser.post('/session', { item: 'tea' })).json();
      expect(store.take()).toEqual(['create']);
      expect((await browser.get('/session')).json()).toEqual({
        id,
        isNew: false,
        attributes: { item: 'tea' },
      });
      expect(store.take()).toEqual(['load', 'touch']);
    });

    it('gets a separate session for each of several clients at once', async () => {
      await start();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => app!.browser().post('/session', { item: 'tea' })),
      );
      expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(10);
    });
  });

  it.each(['unknown', 'forged', 'expired'])('an %s id gets a new session with another id', async (what) => {
    const browser = await start();
    const { id } = (await browser.post('/session', { item: 'tea' })).json() as { id: string };
    const [, secret] = browser.cookie('sid')!.split('.');
    if (what === 'unknown') browser.setCookie('sid', `${'A'.repeat(22)}.${secret}`);
    if (what === 'forged') browser.setCookie('sid', `${id}.${'A'.repeat(43)}`);
    if (what === 'expired') await store.destroy(id);
    const answer = (await browser.get('/session')).json();
    expect(answer).toMatchObject({ isNew: true, attributes: {} });
    expect([id, 'A'.repeat(22)]).not.toContain(answer.id);
  });

  it('sets the cookie only for a new session, and repeatedly if it is persistent', async () => {
    const browser = await start();
    expect((await browser.post('/session', { item: 'tea' })).setCookies).toHaveLength(1);
    expect((await browser.post('/session', { item: 'coffee' })).setCookies).toEqual([]);
    expect((await browser.get('/session')).setCookies).toEqual([]);
    await app!.close();
    const persistent = await start({ cookie: { persistent: true }, idleTimeoutInSeconds: 60 });
    await persistent.post('/session', { item: 'tea' });
    expect((await persistent.get('/session')).setCookies[0]!.attributes).toMatchObject({ 'max-age': '60' });
  });

  it('has the session of path /foo at /foo and /foo/bar, and none at /foobar', async () => {
    const browser = await start({ cookie: { path: '/foo' } });
    await browser.get('/foo/set');
    expect((await browser.get('/foo')).text).toBe('tea');
    expect((await browser.get('/foo/bar')).text).toBe('tea');
    expect((await browser.get('/foobar')).text).toBe('undefined');
  });

  it.each(Object.keys(endings))('stores the session before the response ends: %s', async (how) => {
    const browser = await start();
    for (const visits of [1, 2]) {
      const answer = await browser.get(`/end/${encodeURIComponent(how)}`);
      expect(store.calls.at(-1)).toBe(visits === 1 ? 'create' : 'save');
      expect(answer.text).toBe(how === 'empty' || how === 'null' ? '' : 'all');
      expect((await browser.get('/session')).json().attributes).toEqual({ visits });
    }
  });

  it('does not store again what session.save() has stored', async () => {
    const browser = await start();
    await browser.post('/save');
    expect(store.take()).toEqual(['create']);
    await browser.post('/save');
    expect(store.take()).toEqual(['load', 'touch']);
  });

  it('stores it again if more was written afterwards', async () => {
    const browser = await start();
    await browser.post('/save?later=more');
    expect(store.take()).toEqual(['create', 'save']);
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'more' });
  });

  it('does not store again after save() and reload()', async () => {
    const browser = await start();
    expect((await browser.post('/save-reload')).text).toBe('saved');
    expect(store.take()).toEqual(['create', 'load']);
  });
});
