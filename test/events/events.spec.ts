import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Post } from '@nestjs/common';
import {
  type RedisSessionModuleOptions,
  Session,
  type SessionEvent,
  SessionState,
} from 'nestjs-redis-session';
import { deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { type Data, Stage } from '../http/exclusive-app.js';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { RecordingObserver } from '../observed/recording.observer.js';
import { RecordedEvents } from './recorded-events.js';

@Controller('exclusive')
class HoldController {
  constructor(private readonly stage: Stage) {}

  @Post('hold') @SessionState('exclusive') hold(@Session() session: Data) {
    return this.stage.enter(session);
  }
}

const idOf = (visitor: Browser) => visitor.cookie('sid')!.split('.')[0]!;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

describe.each(platforms)('a listener of events on %s', (platform) => {
  const apps: HttpApp[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  async function start(options: RedisSessionModuleOptions = {}) {
    const events = new RecordedEvents();
    const app = await startApp(platform, {
      controllers: [ShopController, HoldController],
      providers: [Stage],
      options: { store: 'redis', port: server.port, events: events.listener, ...options },
    });
    apps.push(app);
    return { app, events, browser: app.browser() };
  }

  it.each(['redis', 'memory'] as const)(
    'hears of a session from its login to its end (%s)',
    async (store) => {
      const { app, events, browser } = await start({ store });
      await browser.post('/session', { item: 'tea' });
      const id = idOf(browser);
      const { applicationName } = app;
      await browser.post('/login', { user: 'ada' });
      await browser.post('/session', { item: 'coffee' });
      await browser.get('/session');
      await browser.post('/logout');
      await eventually(() => events.named('session.destroyed').length === 1);
      expect(events.take()).toEqual([
        { name: 'session.created', id, applicationName },
        { name: 'session.rotated', id, applicationName },
        { name: 'session.bound', id, applicationName, user: 'ada' },
        { name: 'session.destroyed', id, applicationName, reason: 'destroyed' },
      ]);
    },
  );

  it('hears of a login that creates the session, and not again of the same user', async () => {
    const { events, browser } = await start();
    await browser.post('/session', { user: 42 });
    await browser.post('/session', { user: 42, item: 'tea' });
    await browser.post('/session', { user: 43 });
    await eventually(() => events.all.length === 3);
    expect(events.take()).toMatchObject([
      { name: 'session.created' },
      { name: 'session.bound', user: '42' },
      { name: 'session.bound', user: '43' },
    ]);
  });

  it('hears of the user in plain text if sessions are encrypted', async () => {
    const keys = [Buffer.alloc(32, 1).toString('base64')];
    const { events, browser } = await start({ encryption: { keys } });
    await browser.post('/session', { user: 'ada' });
    await eventually(() => expect(events.named('session.bound')).toMatchObject([{ user: 'ada' }]));
  });

  it('hears of the user that was stored if the request has changed it since', async () => {
    const { app, events } = await start();
    const session = app.sessions.create<{ user: string }>();
    session.user = 'ada';
    const saved = app.sessions.save(session);
    session.user = 'grace';
    await saved;
    await eventually(() => expect(events.named('session.bound')).toMatchObject([{ user: 'ada' }]));
  });

  it('hears why sessions are destroyed', async () => {
    const { app, events, browser } = await start({ maxSessionsPerUser: 1 });
    await browser.post('/session', { user: 'ada' });
    await browser.post('/regenerate');
    await browser.post('/session', { user: 'ada' });
    await app.browser().post('/session', { user: 'ada' });
    await app.sessions.destroyByUser('ada');
    await eventually(() => events.named('session.destroyed').length === 3);
    expect(events.named('session.destroyed').map(({ reason }) => reason)).toEqual([
      'regenerated',
      'limited',
      'revoked',
    ]);
  });

  it('hears of wrong secrets, also without onForgedCredential', async () => {
    const { app, events, browser } = await start();
    await browser.post('/session', { item: 'tea' });
    const thief = app.browser();
    thief.setCookie('sid', `${idOf(browser)}.${'A'.repeat(43)}`);
    await thief.get('/session');
    await eventually(() =>
      expect(events.named('session.forged')).toMatchObject([{ id: idOf(browser), count: 1 }]),
    );
  });

  it('hears that a save was refused because its request had lost the lock', async () => {
    const { app, events, browser } = await start();
    await browser.post('/session', { item: 'tea' });
    const stage = app.app.get(Stage);
    const held = browser.post('/exclusive/hold');
    const { session, leave } = await stage.next();
    await server.admin.del(`{${app.applicationName}_${idOf(browser)}}_Write_Lock`);
    session.item = 'coffee';
    leave.resolve();
    expect((await held).status).toBe(409);
    await eventually(() => expect(events.named('session.lockLost')).toMatchObject([{ id: idOf(browser) }]));
  });

  it('hears of nothing that was not done', async () => {
    const { app, events, browser } = await start();
    await browser.get('/session');
    await app.sessions.destroy('A'.repeat(22));
    await browser.post('/session', { item: 'tea' });
    await eventually(() => events.all.length > 0);
    expect(events.all).toMatchObject([{ name: 'session.created' }]);
  });

  it('is told no secret and no value', async () => {
    const { events, browser } = await start();
    await browser.post('/session', { item: 'a-secret-value' });
    const known = [browser.cookie('sid')!.split('.')[1]!, 'a-secret-value'];
    await browser.post('/login', { user: 'ada' });
    known.push(browser.cookie('sid')!.split('.')[1]!);
    await browser.post('/logout');
    await eventually(() => events.named('session.destroyed').length === 1);
    for (const text of known) expect(JSON.stringify(events.all)).not.toContain(text);
  });

  it.each<[string, (event: SessionEvent) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['never settles', () => new Promise(() => undefined)],
  ])('harms no request if it %s', async (_how, listener) => {
    const heard: string[] = [];
    const { browser } = await start({
      events: (event) => {
        heard.push(event.name);
        return listener(event);
      },
    });
    expect((await browser.post('/login', { user: 'ada' })).status).toBe(201);
    expect((await browser.post('/logout')).status).toBe(201);
    await eventually(() => expect(heard).toEqual(['session.created', 'session.bound', 'session.destroyed']));
  });

  it('is called after the operation of the request, which does not wait for it', async () => {
    const called = deferred();
    const never = deferred();
    const { browser } = await start({
      events: () => {
        called.resolve();
        return never.promise;
      },
    });
    expect((await browser.post('/session', { item: 'tea' })).status).toBe(201);
    await called.promise;
  });
});

describe.each(platforms)('the commands of a request on %s', (platform) => {
  /** What a visit of each kind costs, by the observer. */
  async function costs(options: RedisSessionModuleOptions): Promise<Record<string, number>> {
    const observer = new RecordingObserver();
    const app = await startApp(platform, {
      controllers: [ShopController],
      options: { store: 'redis', port: server.port, observers: [observer], ...options },
    });
    const warm = app.browser();
    await warm.post('/session', { item: 'tea' });
    await warm.post('/session', { item: 'mate' });
    await warm.post('/logout');
    const browser = app.browser();
    observer.take();
    // Without touches, which are sent at most once a second. The sweep belongs to no operation.
    const count = async (action: () => Promise<unknown>): Promise<number> => {
      await action();
      return observer.take().reduce((sum, { commands }) => sum + commands, 0);
    };
    const found = {
      create: await count(() => browser.post('/session', { item: 'tea' })),
      read: await count(() => browser.get('/session')),
      save: await count(() => browser.post('/session', { item: 'mate' })),
      logout: await count(() => browser.post('/logout')),
    };
    await app.close();
    return found;
  }

  it('are one more to create a session, one more to destroy it, and no more for others', async () => {
    const off = await costs({});
    expect(await costs({ events: () => undefined })).toEqual({
      ...off,
      create: off['create']! + 1,
      logout: off['logout']! + 1,
    });
  });
});
