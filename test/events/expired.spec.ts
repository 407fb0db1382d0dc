import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RedisSessionModuleOptions } from 'nestjs-redis-session';
import { newSessionId } from '../../lib/session/session-credential.js';
import { type HttpApp, type Platform, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { RecordedEvents } from './recorded-events.js';

const idOf = (visitor: Browser) => visitor.cookie('sid')!.split('.')[0]!;
const patience = { within: 18_000, every: 50 };

let applicationName: string;
let events: RecordedEvents;
const apps: HttpApp[] = [];
beforeEach(() => {
  applicationName = uniqueName('shop');
  events = new RecordedEvents();
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function start(platform: Platform, options: RedisSessionModuleOptions): Promise<HttpApp> {
  const app = await startApp(platform, {
    controllers: [ShopController],
    options: {
      store: 'redis',
      applicationName,
      events: events.listener,
      idleTimeoutInSeconds: 1,
      ...options,
    },
  });
  apps.push(app);
  return app;
}

const expiredIds = () => events.named('session.expired').map(({ id }) => id);

/** Resolves when a session that expires last has been reported: what came before has been decided by then. */
async function lastOneExpired(app: HttpApp): Promise<string> {
  const last = app.browser();
  await last.post('/session', { item: 'last' });
  await eventually(() => expiredIds().includes(idOf(last)), patience);
  return idOf(last);
}

describe.each(platforms)('sessions that expire on %s', (platform) => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  const left = async () =>
    (await server.admin.keys(`*${applicationName}*`)).filter((key) => !key.endsWith('_Sessions'));

  it('are reported exactly once by three applications that sweep one Redis', async () => {
    const options = { port: server.port };
    const three = await Promise.all([1, 2, 3].map(() => start(platform, options)));
    const visitors = Array.from({ length: 60 }, (_, n) => three[n % 3]!.browser());
    await Promise.all(visitors.map((visitor) => visitor.post('/session', { item: 'tea' })));
    // Sessions of one set that ended while nobody looked for them, more than one look takes.
    const ended = Array.from({ length: 500 }, () => `H${newSessionId().slice(1)}`);
    await server.admin.zadd(`{${applicationName}_0}_Expiries`, ...ended.flatMap((id) => ['1', id]));
    await eventually(() => expiredIds().length >= 560, patience);
    await lastOneExpired(three[0]!);
    expect(expiredIds().slice(0, 560).toSorted()).toEqual([...visitors.map(idOf), ...ended].toSorted());
    expect(expiredIds()).toHaveLength(561);
    expect(await left()).toEqual([]);
  });

  it.each([
    ['in plain text', {}],
    ['encrypted', { encryption: { keys: [Buffer.alloc(32, 1).toString('base64')] } }],
  ])('are reported with the attributes that are listed, which are kept %s', async (how, options) => {
    const app = await start(platform, {
      port: server.port,
      listedAttributes: ['city', 'device'],
      ...options,
    });
    const browser = app.browser();
    await browser.post('/session', { city: 'Kyoto', device: 'phone', item: 'secret-tea' });
    await browser.post('/session', { city: 'Nara', idleTimeoutInSeconds: 2 });
    await browser.delete('/session/device');
    const key = `{${applicationName}_${idOf(browser)}}_Kept`;
    await eventually(async () => expect(await server.admin.hkeys(key)).toEqual(['city']));
    expect((await server.admin.hget(key, 'city'))!.includes('Nara')).toBe(how === 'in plain text');
    await eventually(() => expiredIds().length === 1, patience);
    expect(events.named('session.expired')).toEqual([
      { name: 'session.expired', id: idOf(browser), applicationName, attributes: { city: 'Nara' } },
    ]);
    await eventually(async () => expect(await left()).toEqual([]));
  });

  it('are reported when their absolute timeout is over', async () => {
    const app = await start(platform, {
      port: server.port,
      idleTimeoutInSeconds: 1,
      absoluteTimeoutInSeconds: 1,
    });
    const id = await lastOneExpired(app);
    expect(expiredIds()).toEqual([id]);
  });

  it('are not reported while they are used: their entry is due, and they live', async () => {
    const app = await start(platform, { port: server.port });
    const browser = app.browser();
    await browser.post('/session', { item: 'tea', idleTimeoutInSeconds: 600 });
    const id = idOf(browser);
    const key = (await server.admin.keys(`{${applicationName}_*}_Expiries`))[0]!;
    // As if its first idle timeout was over.
    await server.admin.zadd(key, '1', id);
    await eventually(
      async () => expect(Number(await server.admin.zscore(key, id))).toBeGreaterThan(Date.now() + 300_000),
      patience,
    );
    await lastOneExpired(app);
    expect(expiredIds()).not.toContain(id);
    expect((await browser.get('/session')).json()).toMatchObject({ attributes: { item: 'tea' } });
  });

  it('are not reported if they were destroyed', async () => {
    const app = await start(platform, { port: server.port, listedAttributes: ['item'] });
    const [one, two, three] = [app.browser(), app.browser(), app.browser()];
    for (const visitor of [one, two, three]) await visitor.post('/session', { user: 'ada', item: 'tea' });
    await one.post('/logout');
    await app.sessions.destroy(idOf(two));
    await app.sessions.destroyByUser('ada');
    expect(await eventually(() => events.named('session.destroyed').length === 3)).toBe(true);
    const last = await lastOneExpired(app);
    expect(expiredIds()).toEqual([last]);
  });

  it('are reported after an outage of Redis', async () => {
    const own = await RedisServer.start();
    const app = await start(platform, { port: own.port, operationTimeoutInMilliseconds: 500 });
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    own.freeze();
    // The outage is noticed: by then a sweep may have failed.
    expect((await browser.get('/session')).status).toBe(503);
    own.thaw();
    await eventually(() => expect(expiredIds()).toEqual([idOf(browser)]), patience);
    await app.close();
    apps.splice(apps.indexOf(app), 1);
    await own.stop();
  });

  it('are reported by the store in memory', async () => {
    const app = await start(platform, { store: 'memory', listedAttributes: ['city'] });
    const [seen, unseen] = [app.browser(), app.browser()];
    await seen.post('/session', { city: 'Kyoto' });
    await unseen.post('/session', { city: 'Nara', item: 'tea' });
    await eventually(() => expiredIds().length === 2, patience);
    expect(
      events
        .named('session.expired')
        .map(({ attributes }) => attributes['city'] as string)
        .toSorted(),
    ).toEqual(['Kyoto', 'Nara']);
  });
});

describe('sessions that expire in a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
  });
  afterAll(() => cluster.stop());

  it('are reported exactly once', async () => {
    const options = { cluster: { nodes: cluster.startupNodes }, listedAttributes: ['item'] };
    const two = await Promise.all(platforms.map((platform) => start(platform, options)));
    const visitors = Array.from({ length: 30 }, (_, n) => two[n % 2]!.browser());
    await Promise.all(visitors.map((visitor) => visitor.post('/session', { item: 'tea' })));
    await eventually(() => expiredIds().length >= 30, patience);
    await lastOneExpired(two[0]!);
    expect(expiredIds().slice(0, 30).toSorted()).toEqual(visitors.map(idOf).toSorted());
    expect(expiredIds()).toHaveLength(31);
    expect(events.named('session.expired')[0]!.attributes).toEqual({ item: 'tea' });
  });
});
