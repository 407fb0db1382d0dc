import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ForgedCredentialReport, RedisSessionModuleOptions } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { type Shop, ShopController } from '../http/shop.controller.js';
import { CounterController } from '../readme/exclusive.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';

let server: RedisServer;
let app: HttpApp;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(() => app.close());
afterAll(() => server.stop());

const LEFT = 100_000;

/** A visitor who has logged in, and a browser that kept the cookie from before. */
async function login() {
  const visitor = app.browser();
  const { id } = (await visitor.post('/session', { item: 'tea' })).json() as { id: string };
  const old = visitor.clone();
  expect((await visitor.post('/login', { user: 'ada' })).status).toBe(201);
  const key = `{${app.applicationName}_${id}}_Data`;
  return { visitor, old, id, key, stored: () => server.admin.hgetall(key) };
}

describe.each(platforms)('someone with the cookie from before a login, on %s', (platform) => {
  async function start(options: RedisSessionModuleOptions = { rotationGraceInSeconds: 30 }) {
    app = await startApp(platform, {
      controllers: [ShopController, CounterController],
      options: { store: 'redis', port: server.port, ...options },
    });
    return login();
  }

  it('gets nothing by default, and Redis holds nothing of the old secret', async () => {
    const { old, stored } = await start({});
    expect((await old.get('/session')).json()).toMatchObject({ isNew: true, attributes: {} });
    expect(await stored()).not.toHaveProperty(':previous');
  });

  it('reads the session during the grace', async () => {
    const { old, id } = await start();
    const answer = await old.get('/session');
    expect(answer.json()).toEqual({ id, isNew: false, attributes: { item: 'tea', user: 'ada' } });
    expect(answer.setCookies).toEqual([]);
  });

  it.each([
    ['write', 'POST', '/session', { item: 'coffee' }],
    ['rotate', 'POST', '/login', { user: 'mallory' }],
    ['log out', 'POST', '/logout', undefined],
    ['regenerate', 'POST', '/regenerate', undefined],
    ['lock', 'POST', '/visits', undefined],
    ['remove an attribute', 'DELETE', '/session/item', undefined],
  ] as const)('cannot %s then', async (_what, method, path, json) => {
    const { old, visitor, stored } = await start();
    const before = await stored();
    const answer = await old.request(method, path, json === undefined ? {} : { json });
    expect([answer.status, answer.setCookies]).toEqual([409, []]);
    expect(await stored()).toEqual(before);
    expect((await visitor.get('/session')).json()).toMatchObject({ attributes: { user: 'ada' } });
  });

  it('cannot keep the session alive, nor get the cookie again', async () => {
    const { old, key } = await start({ rotationGraceInSeconds: 30, cookie: { persistent: true } });
    await server.admin.pexpire(key, LEFT);
    const answer = await old.get('/session');
    expect(answer.json()).toMatchObject({ attributes: { user: 'ada' } });
    expect(answer.setCookies).toEqual([]);
    const other = await login();
    await server.admin.pexpire(other.key, LEFT);
    // This process has touched both sessions just before, this one first.
    await eventually(async () => {
      await old.get('/session');
      await other.visitor.get('/session');
      expect(await server.admin.pttl(other.key)).toBeGreaterThan(LEFT);
    });
    expect(await server.admin.pttl(key)).toBeLessThanOrEqual(LEFT);
  });

  it('cannot end the session of a visitor by presenting the old cookie at a logout', async () => {
    const { old, visitor } = await start();
    const mallory = app.browser();
    await mallory.post('/session', { user: 'mallory' });
    const cookie = `sid=${mallory.cookie('sid')}; sid=${old.cookie('sid')}`;
    expect((await app.browser().post('/logout', undefined, { headers: { cookie } })).status).toBe(201);
    expect((await visitor.get('/session')).json()).toMatchObject({ attributes: { user: 'ada' } });
  });

  it('gets nothing after the grace, after another rotation, and once the option is 0', async () => {
    const { old, visitor, key } = await start();
    const [hash] = (await server.admin.hget(key, ':previous'))!.split('.');
    await server.admin.hset(key, ':previous', `${hash}.${Date.now() - 1}`);
    expect((await old.get('/session')).json()).toMatchObject({ isNew: true });
    await server.admin.hset(key, ':previous', `${hash}.${Date.now() + 60_000}`);
    expect((await old.get('/session')).json()).toMatchObject({ isNew: false });
    await visitor.post('/login', { user: 'ada' });
    expect((await old.get('/session')).json()).toMatchObject({ isNew: true });
  });

  it('gets nothing from what somebody wrote to Redis in a wrong form', async () => {
    const { old, key } = await start();
    for (const text of ['', 'x', '.', `.${Date.now() + 60_000}`, 'NaN.NaN', 'a.b.c']) {
      await server.admin.hset(key, ':previous', text);
      expect((await old.get('/session')).json()).toMatchObject({ isNew: true });
    }
  });

  it('has the same grace in memory', async () => {
    const { old } = await start({ store: 'memory', rotationGraceInSeconds: 30 });
    expect((await old.get('/session')).json()).toMatchObject({ attributes: { user: 'ada' } });
    expect((await old.post('/session', { item: 'coffee' })).status).toBe(409);
  });
});

describe.each(platforms)('someone who guesses the secret of a session, on %s', (platform) => {
  const FORGED = 'A'.repeat(43);

  async function start(onForgedCredential: (report: ForgedCredentialReport) => void) {
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { store: 'redis', port: server.port, onForgedCredential },
    });
    const { id } = (await app.browser().post('/session', { user: 'ada' })).json() as { id: string };
    const guess = async (credential: string) =>
      (await app.browser().get('/session', { headers: { cookie: `sid=${credential}` } })).json() as object;
    return { id, guess };
  }

  it('is reported once a minute, without the secret', async () => {
    const reports: ForgedCredentialReport[] = [];
    const { id, guess } = await start((report) => reports.push(report));
    for (let i = 0; i < 5; i++) expect(await guess(`${id}.${FORGED}`)).toMatchObject({ isNew: true });
    expect(reports).toEqual([{ id, count: 1 }]);
  });

  it('is not reported for a session that does not exist, nor for a text that is no credential', async () => {
    const reports: ForgedCredentialReport[] = [];
    const { id, guess } = await start((report) => reports.push(report));
    await guess(`${'B'.repeat(22)}.${FORGED}`);
    await guess(`${id}.short`);
    await guess(`${id}.${FORGED}`);
    expect(reports).toEqual([{ id, count: 1 }]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no log');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no log'))],
  ])('changes nothing if the function %s', async (_how, report) => {
    const { id, guess } = await start(report);
    expect(await guess(`${id}.${FORGED}`)).toMatchObject({ isNew: true });
    const session = await app.sessions.find<Shop>(id);
    expect(session!.user).toBe('ada');
  });
});
