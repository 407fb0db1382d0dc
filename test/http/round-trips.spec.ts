import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/http-browser.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { ShopController } from './shop.controller.js';

const COMMANDS = new Set('hgetall pexpire pexpireat evalsha eval set get del hset expire exists'.split(' '));

describe.each(platforms)('what a request asks of Redis, on %s', (platform) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let app: HttpApp;
  let browser: Browser;

  beforeAll(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { store: 'redis', port: proxy.port, maxSessionBytes: 1024 * 1024 },
    });
    // The scripts are known to the server from here on.
    browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    await browser.post('/session', { item: 'coffee' });
    await browser.post('/logout');
    await browser.post('/session', { item: 'tea' });
  });
  afterAll(async () => {
    await app.close();
    await proxy.stop();
    await server.stop();
  });
  beforeEach(async () => {
    await proxy.reset();
    await server.resetStats();
  });

  // What a script does inside of Redis is no round trip, and neither is what ioredis says about itself at times.
  async function commands(): Promise<Record<string, number>> {
    const stats = await server.commandStats();
    const inScripts = (stats.evalsha ?? 0) > 0 ? ['hset', 'pexpire', 'get', 'del'] : [];
    return Object.fromEntries(
      Object.entries(stats).filter(([name]) => COMMANDS.has(name) && !inScripts.includes(name)),
    );
  }

  it('one with a session that only reads sends HGETALL and PEXPIRE', async () => {
    await browser.get('/session');
    await eventually(async () => expect(await commands()).toEqual({ hgetall: 1, pexpire: 1 }));
  });

  it('one that never looks at its session does the same: every request slides the idle timeout', async () => {
    await browser.get('/nothing');
    await eventually(async () => expect(await commands()).toEqual({ hgetall: 1, pexpire: 1 }));
  });

  it('one that changes an attribute sends HGETALL and the save script', async () => {
    await browser.post('/session', { item: 'water' });
    await eventually(async () => expect(await commands()).toMatchObject({ hgetall: 1, evalsha: 1 }));
    expect(Object.keys(await commands())).toEqual(expect.not.arrayContaining(['eval', 'set', 'exists']));
    // The save slides the idle timeout; nothing else does.
    expect(await server.commandStats()).toMatchObject({ pexpire: 1 });
  });

  it('one that writes what is there already saves nothing', async () => {
    await browser.post('/session', { item: 'tea' });
    await server.resetStats();
    await browser.post('/session', { item: 'tea' });
    await eventually(async () => expect(await commands()).toEqual({ hgetall: 1, pexpire: 1 }));
  });

  it('the first one of a visitor who gets a session sends the create script alone', async () => {
    await app.browser().post('/session', { item: 'tea' });
    expect(await commands()).toEqual({ evalsha: 1 });
  });

  it.each([
    ['without a cookie that writes nothing', undefined],
    ['with 4 KB of rubbish in the cookie', 'x'.repeat(4096)],
    ['with a cookie that is too short', 'short'],
  ])('one %s sends nothing', async (_what, cookie) => {
    const visitor = app.browser();
    if (cookie !== undefined) visitor.setCookie('sid', cookie);
    expect((await visitor.get('/session')).json()).toMatchObject({ isNew: true });
    expect((await visitor.get('/nothing')).status).toBe(200);
    expect((await visitor.get('/not-found')).status).toBe(404);
    expect(await commands()).toEqual({});
  });

  it('one that changes one of 50 attributes, 100 KB together, sends less than 1 KB', async () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`attribute${n}`, 'x'.repeat(2000)]),
    );
    const visitor = app.browser();
    await visitor.post('/session', attributes);
    const before = await server.netInputBytes();
    await visitor.post('/session', { attribute7: 'changed' });
    const sent = (await server.netInputBytes()) - before;
    expect(sent).toBeGreaterThan('changed'.length);
    expect(sent).toBeLessThan(1024);
    const { attributes: stored } = (await visitor.get('/session')).json();
    expect(stored).toEqual({ ...attributes, attribute7: 'changed' });
  });

  describe('and how many round trips it waits for, one after the other', () => {
    it.each<[string, number, () => Promise<{ status: number }>]>([
      ['none without a cookie', 0, () => app.browser().get('/session')],
      ['one to read: nobody waits for the PEXPIRE', 1, () => browser.get('/session')],
      ['one where the session is not looked at', 1, () => browser.get('/nothing')],
      ['one to create a session', 1, () => app.browser().post('/session', { item: 'tea' })],
      ['two to change an attribute', 2, () => browser.post('/session', { item: 'milk' })],
      ['two to log in, which rotates', 2, () => browser.post('/login', { user: 'ada' })],
      ['two to log out', 2, () => browser.post('/logout')],
    ])('%s', async (_what, expected, request) => {
      expect(await roundTripsOf(request)).toEqual({ batches: expected, ok: true });
    });
  });

  /** Lets what is sent to Redis through, a batch at a time, until the request is answered; counts the batches. */
  async function roundTripsOf(
    request: () => Promise<{ status: number }>,
  ): Promise<{ batches: number; ok: boolean }> {
    proxy.freeze('toServer');
    const answers: number[] = [];
    const answered = request().then(({ status }) => answers.push(status));
    for (let batches = 0; ; batches++) {
      await eventually(() => answers.length > 0 || proxy.holds('toServer'));
      // What nobody waits for is held as well: turns of the event loop enough for the answer to come without it.
      for (let turn = 0; turn < 50 && answers.length === 0; turn++) await sleep(2);
      if (answers.length > 0) return { batches, ok: answers[0]! < 300 };
      proxy.thaw();
      proxy.freeze('toServer');
      await Promise.race([answered, eventually(() => !proxy.holds('toServer'))]);
    }
  }
});
