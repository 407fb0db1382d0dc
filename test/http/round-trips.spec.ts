import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from '../support/http-browser.js';
import { eventually } from '../support/eventually.js';
import type { RedisServer } from '../support/redis-server.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { type HttpApp, platforms } from './http-app.js';
import { startProxiedApp } from './proxied-app.js';
import { ShopController } from './shop.controller.js';

const COMMANDS = new Set('hgetall pexpire pexpireat evalsha eval set get del hset expire exists'.split(' '));

describe.each(platforms)('the Redis commands of a request, on %s', (platform) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let app: HttpApp;
  let stop: () => Promise<void>;
  let browser: Browser;

  beforeAll(async () => {
    ({ app, proxy, server, stop } = await startProxiedApp(platform, {
      controllers: [ShopController],
      options: { maxSessionBytes: 1024 * 1024 },
    }));
    // From now on Redis has the scripts in its cache.
    browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    await browser.post('/session', { item: 'coffee' });
    await browser.post('/login', { user: 'ada' });
    await browser.post('/logout');
    await browser.post('/session', { item: 'tea' });
    // The login sends one GET. A logout drops the lock, if there is one, after its answer.
    await eventually(async () => (await server.commandStats()).get === 2);
  });
  afterAll(() => stop());
  beforeEach(async () => {
    await proxy.reset();
    await server.resetStats();
  });

  // Commands inside of a script and those of ioredis itself do not count.
  async function commands(): Promise<Record<string, number>> {
    const stats = await server.commandStats();
    const inScripts = (stats.evalsha ?? 0) > 0 ? ['hset', 'pexpire', 'get', 'del'] : [];
    return Object.fromEntries(
      Object.entries(stats).filter(([name]) => COMMANDS.has(name) && !inScripts.includes(name)),
    );
  }

  async function newVisitor(): Promise<Browser> {
    const visitor = app.browser();
    await visitor.post('/session', { item: 'tea' });
    await server.resetStats();
    return visitor;
  }

  it('if it reads the session: HGETALL and PEXPIRE', async () => {
    const visitor = await newVisitor();
    await visitor.get('/session');
    await eventually(async () => expect(await commands()).toEqual({ hgetall: 1, pexpire: 1 }));
  });

  it('if twenty requests of one page read the session: twenty HGETALL and one PEXPIRE', async () => {
    const visitor = await newVisitor();
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now);
    try {
      await Promise.all(Array.from({ length: 20 }, () => visitor.get('/session')));
      // The last command on the same connection.
      await visitor.get('/session');
    } finally {
      jest.restoreAllMocks();
    }
    await eventually(async () => expect(await commands()).toEqual({ hgetall: 21, pexpire: 1 }));
  });

  it('if it does not use its session: the same, since every request slides the idle timeout', async () => {
    const visitor = await newVisitor();
    await visitor.get('/nothing');
    await eventually(async () => expect(await commands()).toEqual({ hgetall: 1, pexpire: 1 }));
  });

  it('if it changes an attribute: HGETALL and the save script', async () => {
    await browser.post('/session', { item: 'water' });
    await eventually(async () => expect(await commands()).toEqual({ hgetall: 1, evalsha: 1 }));
    // Only the save slides the idle timeout.
    expect(await server.commandStats()).toMatchObject({ pexpire: 1 });
  });

  it('if it writes what is stored already: no save', async () => {
    const visitor = await newVisitor();
    await visitor.post('/session', { item: 'tea' });
    await eventually(async () => expect(await commands()).toEqual({ hgetall: 1, pexpire: 1 }));
  });

  it('if it creates a session: only the create script', async () => {
    await app.browser().post('/session', { item: 'tea' });
    expect(await commands()).toEqual({ evalsha: 1 });
  });

  it.each([
    ['without a cookie', undefined],
    ['with an invalid cookie of 4 KB', 'x'.repeat(4096)],
    ['with a cookie that is too short', 'short'],
  ])('if it comes %s and writes nothing: none', async (_what, cookie) => {
    const visitor = app.browser();
    if (cookie !== undefined) visitor.setCookie('sid', cookie);
    expect((await visitor.get('/session')).json()).toMatchObject({ isNew: true });
    expect((await visitor.get('/nothing')).status).toBe(200);
    expect((await visitor.get('/not-found')).status).toBe(404);
    expect(await commands()).toEqual({});
  });

  it('if it changes one of 50 attributes of 2 KB: less than 1 KB in all', async () => {
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

  describe('and the round trips that it waits for', () => {
    it.each<[string, number, () => Promise<{ status: number }>]>([
      ['none without a cookie', 0, () => app.browser().get('/session')],
      ['one to read: the PEXPIRE is not awaited', 1, () => browser.get('/session')],
      ['one if the session is not used', 1, () => browser.get('/nothing')],
      ['one to create a session', 1, () => app.browser().post('/session', { item: 'tea' })],
      ['two to change an attribute', 2, () => browser.post('/session', { item: 'milk' })],
      ['two to rotate', 2, () => browser.post('/login')],
      ['four to log in as a user', 4, () => browser.post('/login', { user: 'ada' })],
      ['one to read a session of a user', 1, () => browser.get('/session')],
      ['two to change a session of a user', 2, () => browser.post('/session', { item: 'tea' })],
      ['two to log out', 2, () => browser.post('/logout')],
    ])('%s', async (_what, expected, request) => {
      expect(await roundTripsOf(request)).toEqual({ batches: expected, ok: true });
    });
  });

  /** Passes commands on to Redis batch by batch until the request is answered, and counts the batches. */
  async function roundTripsOf(
    request: () => Promise<{ status: number }>,
  ): Promise<{ batches: number; ok: boolean }> {
    proxy.freeze('toServer');
    const answers: number[] = [];
    const answered = request().then(({ status }) => answers.push(status));
    for (let batches = 0; ; batches++) {
      await eventually(() => answers.length > 0 || proxy.holds('toServer'));
      // Commands that are not awaited are held, too: the response comes without them within some turns of the event loop.
      for (let turn = 0; turn < 50 && answers.length === 0; turn++) await sleep(2);
      if (answers.length > 0) return { batches, ok: answers[0]! < 300 };
      proxy.thaw();
      proxy.freeze('toServer');
      await Promise.race([answered, eventually(() => !proxy.holds('toServer'))]);
    }
  }
});
