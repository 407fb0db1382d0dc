import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { SessionConflictError, SessionGoneError } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { RecordingObserver } from './recording.observer.js';

const idOf = (visitor: Browser) => visitor.cookie('sid')!.split('.')[0]!;
const secretOf = (visitor: Browser) => visitor.cookie('sid')!.split('.')[1]!;

describe.each(platforms)('an observer on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  let observer: RecordingObserver;
  let browser: Browser;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    observer = new RecordingObserver();
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { store: 'redis', port: server.port, observers: [observer] },
    });
    browser = app.browser();
    // From now on Redis has the scripts in its cache.
    await browser.post('/session', { item: 'tea' });
    await browser.post('/session', { item: 'mate' });
    observer.take();
  });
  afterEach(() => app.close());
  afterAll(() => server.stop());

  it('hears that a session is read, with what it cost', async () => {
    await browser.get('/session');
    expect(observer.take()).toEqual([
      {
        operation: 'load',
        applicationName: app.applicationName,
        store: 'redis',
        session: idOf(browser).slice(0, 8),
        reason: undefined,
        background: false,
        outcome: 'found',
        errorCode: undefined,
        milliseconds: expect.any(Number),
        attempts: 1,
        bytes: Buffer.byteLength('item"mate"'),
        commands: 1,
        roundTrips: 1,
      },
    ]);
  });

  it('hears that a session is touched, as an operation of no request', async () => {
    const visitor = app.browser();
    await visitor.post('/session', { item: 'tea' });
    const [id, secret] = [idOf(visitor), secretOf(visitor)];
    // Another process, which has not touched the session yet.
    const other = await startApp(platform, {
      controllers: [ShopController],
      options: {
        store: 'redis',
        port: server.port,
        applicationName: app.applicationName,
        observers: [observer],
      },
    });
    observer.take();
    const elsewhere = other.browser();
    elsewhere.setCookie('sid', `${id}.${secret}`);
    await elsewhere.get('/session');
    await eventually(() => observer.of('touch').length === 1);
    await other.close();
    expect(observer.of('touch')[0]).toMatchObject({
      outcome: 'touched',
      background: true,
      session: id.slice(0, 8),
      bytes: 0,
      commands: 1,
    });
    expect(observer.of('load')[0]).toMatchObject({ background: false });
  });

  it('hears that a session is created, changed and rotated', async () => {
    const visitor = app.browser();
    await visitor.post('/session', { item: 'coffee' });
    expect(observer.take()).toMatchObject([
      { operation: 'create', outcome: 'created', bytes: 'item"coffee"'.length, commands: 1 },
    ]);
    await visitor.post('/session', { item: 'tea', other: 'x' });
    expect(observer.take()).toMatchObject([
      { operation: 'load', outcome: 'found' },
      { operation: 'save', outcome: 'saved', bytes: 'item"tea"other"x"'.length, commands: 1, roundTrips: 1 },
    ]);
    await visitor.post('/login');
    expect(observer.heard()).toEqual(['load found', 'rotate saved']);
  });

  it('hears that there is no such session', async () => {
    const stranger = app.browser();
    stranger.setCookie('sid', `${'A'.repeat(22)}.${'A'.repeat(43)}`);
    await stranger.get('/session');
    expect(observer.heard()).toEqual(['load absent']);
  });

  it('hears nothing of a visitor without a session', async () => {
    await app.browser().get('/session');
    expect(observer.begun).toEqual([]);
  });

  // The outcomes and reasons of what an action destroys.
  const reasons = async (action: () => Promise<unknown>) => {
    await action();
    return observer
      .take()
      .filter(({ operation }) => operation === 'destroy')
      .map(({ outcome, reason }) => `${outcome}: ${reason}`);
  };

  it('hears why a session is destroyed', async () => {
    expect(await reasons(() => browser.post('/logout'))).toEqual(['destroyed: destroyed']);
    await browser.post('/session', { item: 'tea' });
    expect(await reasons(() => browser.post('/regenerate'))).toEqual(['destroyed: regenerated']);
    await browser.post('/login', { user: 'ada' });
    expect(await reasons(() => app.sessions.destroyByUser('ada'))).toEqual(['destroyed: revoked']);
    await browser.post('/session', { item: 'tea' });
    expect(await reasons(() => app.sessions.destroyAll())).toContain('destroyed: revoked');
    await browser.post('/session', { item: 'tea' });
    expect(await reasons(() => app.sessions.destroy(idOf(browser)))).toEqual(['destroyed: destroyed']);
    expect(await reasons(() => app.sessions.destroy(idOf(browser)))).toEqual(['absent: destroyed']);
  });

  it('hears that a session is destroyed because its user has too many', async () => {
    await app.close();
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { store: 'redis', port: server.port, observers: [observer], maxSessionsPerUser: 1 },
    });
    await app.browser().post('/login', { user: 'ada' });
    observer.take();
    expect(await reasons(() => app.browser().post('/login', { user: 'ada' }))).toEqual([
      'destroyed: limited',
    ]);
  });

  it('hears of the lists of a user, a batch at a time', async () => {
    await browser.post('/login', { user: 'grace' });
    expect(observer.heard()).toEqual(['load found', 'index done', 'rotate saved', 'index done']);
    await app.sessions.findByUser('grace');
    expect(observer.heard()).toEqual(['find done', 'find done', 'find done']);
  });

  it('hears that a save is refused: the session is gone, or was rotated', async () => {
    const credential = browser.cookie('sid')!;
    const mine = (await app.sessions.findByCredential<{ item: string }>(credential))!;
    await browser.post('/login');
    observer.take();
    mine.item = 'water';
    await expect(app.sessions.save(mine)).rejects.toThrow(SessionConflictError);
    expect(observer.heard()).toEqual(['save conflict']);

    const job = (await app.sessions.find<{ item: string }>(idOf(browser)))!;
    await browser.post('/logout');
    observer.take();
    job.item = 'water';
    await expect(app.sessions.save(job)).rejects.toThrow(SessionGoneError);
    expect(observer.take()).toMatchObject([{ operation: 'save', outcome: 'gone', bytes: 0 }]);
  });

  it('is told no secret, no value, no user and no whole id', async () => {
    const visitor = app.browser();
    await visitor.post('/session', { item: 'a-secret-value' });
    const known = [secretOf(visitor), idOf(visitor), 'a-secret-value', 'alovelace'];
    await visitor.post('/login', { user: 'alovelace' });
    known.push(secretOf(visitor));
    await visitor.get('/session');
    await app.sessions.findByUser('alovelace');
    await app.sessions.destroyByUser('alovelace');
    const told = inspect([...observer.begun, ...observer.take(true)], {
      depth: Infinity,
      maxArrayLength: null,
    });
    expect(told).toContain('revoked');
    for (const text of known) expect(told).not.toContain(text);
  });
});

describe('without observers', () => {
  it('the repository uses the store itself: nothing is measured', async () => {
    const app = await startApp('express', { options: { store: 'memory' } });
    const repository = app.sessions as unknown as { store: object };
    expect(repository.store.constructor.name).toBe('InMemorySessionStore');
    await app.close();
  });
});
