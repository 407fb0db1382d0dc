import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { RedisServer } from '../support/redis-server.js';

const sending = (...credentials: string[]) => ({
  headers: { cookie: credentials.map((credential) => `sid=${credential}`).join('; ') },
});

describe.each(platforms)('an attacker who sets a second cookie in a browser, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  beforeAll(async () => {
    server = await RedisServer.start();
    const options = { store: 'redis' as const, port: server.port };
    app = await startApp(platform, { controllers: [ShopController], options });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  async function credentialOf(user: string): Promise<string> {
    const browser = app.browser();
    await browser.post('/session', { user });
    return browser.cookie('sid')!;
  }

  async function usersIn(...credentials: string[]): Promise<unknown[]> {
    const seen = credentials.map(async (one) => (await app.browser().get('/session', sending(one))).json());
    return (await Promise.all(seen)).map(({ attributes }) => attributes.user as unknown);
  }

  it.each([
    ['a logout', '/logout'],
    ['a logout that regenerates', '/regenerate'],
  ])('does not get the victim into the attacker’s session by %s', async (_what, logout) => {
    const [victim, attacker] = [await credentialOf('victim'), await credentialOf('attacker')];
    const browser = app.browser();
    expect((await browser.post(logout, undefined, sending(victim, attacker))).status).toBe(201);
    // The browser removed its own cookie, but not the one on another path or domain.
    const next = (await browser.get('/session', sending(attacker))).json();
    expect([next.isNew, next.attributes]).toEqual([true, {}]);
    expect(await usersIn(victim, attacker)).toEqual([undefined, undefined]);
  });

  it('does not get the victim into one of many sessions by a logout', async () => {
    const victim = await credentialOf('victim');
    const attackers = await Promise.all(Array.from({ length: 8 }, () => credentialOf('attacker')));
    await app.browser().post('/logout', undefined, sending(victim, ...attackers));
    expect(await usersIn(victim, ...attackers)).toEqual([victim, ...attackers].map(() => undefined));
  });

  it('makes a request cost no more than four reads', async () => {
    const unknown = Array.from(
      { length: 8 },
      () => `${randomBytes(16).toString('base64url')}.${'A'.repeat(43)}`,
    );
    await server.resetStats();
    await app.browser().get('/session', sending(...unknown));
    expect((await server.commandStats()).hgetall).toBe(4);
  });

  it('cannot end a session with only its id', async () => {
    const [victim, other] = [await credentialOf('victim'), await credentialOf('other')];
    const forged = `${other.split('.')[0]}.${'A'.repeat(43)}`;
    await app.browser().post('/logout', undefined, sending(victim, forged));
    expect(await usersIn(victim, other)).toEqual([undefined, 'other']);
  });

  it('ends no session while the victim stays logged in', async () => {
    const [victim, old] = [await credentialOf('victim'), await credentialOf('old')];
    await app.browser().get('/session', sending(victim, old));
    await app.browser().post('/session', { item: 'tea' }, sending(victim, old));
    expect(await usersIn(victim, old)).toEqual(['victim', 'old']);
  });
});
