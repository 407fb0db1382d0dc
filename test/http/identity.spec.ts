import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newSecret, newSessionId } from '../../lib/session/session-credential.js';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { ShopController } from './shop.controller.js';

describe.each(platforms)('who a visitor is, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  beforeAll(async () => {
    server = await RedisServer.start();
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { store: 'redis', port: server.port },
    });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  const key = (id: string): string => `{${app.applicationName}_${id}}_Data`;

  async function visitor(attributes: object = { item: 'tea' }) {
    const browser = app.browser();
    const { id } = (await browser.post('/session', attributes)).json() as { id: string };
    const [, secret] = browser.cookie('sid')!.split('.');
    return { browser, id, secret: secret! };
  }

  it('the cookie is <id>.<secret>: the id names the record, and Redis stores only the SHA-256 of the secret', async () => {
    const { browser, id, secret } = await visitor();
    expect(browser.cookie('sid')).toBe(`${id}.${secret}`);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    const stored = await server.admin.hgetall(key(id));
    expect(stored).toEqual({
      ':secret': createHash('sha256').update(secret).digest('base64url'),
      ':created': expect.stringMatching(/^\d{13}$/),
      item: '"tea"',
    });
  });

  it.each<[string, (credential: { id: string; secret: string }) => string]>([
    ['that is unknown', () => `${newSessionId()}.${newSecret()}`],
    ['with a wrong secret', ({ id }) => `${id}.${newSecret()}`],
    [
      'with the hash in place of the secret',
      ({ id, secret }) => `${id}.${createHash('sha256').update(secret).digest('base64url')}`,
    ],
    ['without a secret', ({ id }) => id],
    ['with an empty secret', ({ id }) => `${id}.`],
    ['with an additional character', ({ id, secret }) => `${id}.${secret}A`],
    ['with a brace', ({ id, secret }) => `{${id.slice(1)}.${secret}`],
    ['that is oversized', ({ id, secret }) => `${id}.${secret.repeat(90)}`],
    ['in quotes', ({ id, secret }) => `"${id}.${secret}"`],
    ['that is empty', () => ''],
  ])('a credential %s: the request goes on with a new, empty session of another id', async (_what, forge) => {
    const owner = await visitor();
    const browser = app.browser();
    const forged = forge(owner);
    browser.setCookie('sid', forged);
    const { id, isNew, attributes } = (await browser.get('/session')).json();
    expect({ isNew, attributes }).toEqual({ isNew: true, attributes: {} });
    const written = (await browser.post('/session', { item: 'coffee' })).json() as { id: string };
    expect([id, written.id]).not.toContain(owner.id);
    expect(forged).not.toContain(written.id);
    expect(browser.cookie('sid')).toMatch(new RegExp(`^${written.id}\\.`));
    expect((await owner.browser.get('/session')).json().attributes).toEqual({ item: 'tea' });
  });

  it('a credential of an expired session: the request goes on with a new, empty session of another id', async () => {
    const { browser, id } = await visitor();
    await server.admin.pexpire(key(id), 0);
    const answer = (await browser.get('/session')).json();
    expect(answer).toMatchObject({ isNew: true, attributes: {} });
    expect(answer.id).not.toBe(id);
  });

  it('two visitors who come at once get sessions of their own', async () => {
    const visitors = await Promise.all(Array.from({ length: 20 }, (_, n) => visitor({ visits: n })));
    expect(new Set(visitors.map(({ id }) => id)).size).toBe(20);
    const seen = await Promise.all(
      visitors.map(async ({ browser }) => (await browser.get('/session')).json()),
    );
    expect(seen.map(({ attributes }) => attributes.visits)).toEqual(visitors.map((_, n) => n));
  });

  it('rotate() keeps id and data, and revokes the old secret', async () => {
    const { browser, id } = await visitor();
    const thief = browser.clone();
    await browser.post('/login', { user: 'ada' });
    const session = { id, isNew: false, attributes: { item: 'tea', user: 'ada' } };
    expect((await browser.get('/session')).json()).toEqual(session);
    expect((await thief.get('/session')).json()).toMatchObject({ isNew: true, attributes: {} });
  });

  it('regenerate() creates an empty session with a new id and destroys the old one, whose object keeps its data', async () => {
    const { browser, id } = await visitor();
    const thief = browser.clone();
    const answer = (await browser.post('/regenerate?item=coffee')).json();
    expect(answer).toMatchObject({ old: { item: 'tea' }, next: { item: 'coffee' }, oldId: id });
    expect(await server.admin.exists(key(id))).toBe(0);
    expect(browser.cookie('sid')).toMatch(new RegExp(`^${answer.nextId}\\.`));
    expect(answer.nextId).not.toBe(id);
    expect((await browser.get('/session')).json().attributes).toEqual({ item: 'coffee' });
    expect((await thief.get('/session')).json().attributes).toEqual({});
  });

  it('regenerate() removes the cookie if nothing is written afterwards', async () => {
    const { browser, id } = await visitor();
    const { setCookies } = await browser.post('/regenerate');
    expect(setCookies).toHaveLength(1);
    expect(browser.cookie('sid')).toBeUndefined();
    expect(await server.admin.exists(key(id))).toBe(0);
  });
});
