import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, RedisSessionStore, type SessionRepository } from 'nestjs-redis-session';
import { repositoryOf, stored, watch } from '../session/session-fixture.js';
import { RedisServer } from '../support/redis-server.js';

let server: RedisServer;
let shop: SessionRepository;
let admin: SessionRepository;
let id: string;
const sessionsOf = (applicationName: string) =>
  repositoryOf(
    new RedisSessionStore(server.client(), {
      applicationName,
      operationTimeoutInMilliseconds: 5000,
      retryTimeoutInMilliseconds: 0,
    }),
  );

beforeAll(async () => {
  server = await RedisServer.start();
  [shop, admin] = [sessionsOf('shop'), sessionsOf('shop_admin')];
  id = await stored(admin, { user: 'clerk' });
});
afterAll(() => server.stop());

// First: the commands that follow a destroy would be counted.
describe('an attacker who passes a malformed id', () => {
  const malformed: [what: string, id: unknown][] = [
    ['nothing', ''],
    ['an id that is too short', 'A'.repeat(21)],
    ['an id that is too long', 'A'.repeat(23)],
    ['a line break after an id', `${'A'.repeat(22)}\n`],
    ['a credential', `${'A'.repeat(22)}.${'B'.repeat(43)}`],
    ['a brace', `}${'A'.repeat(21)}`],
    ['a pattern of keys', '*'.repeat(22)],
    ['letters beyond ASCII', 'é'.repeat(22)],
    ['a list, as ?id=a&id=b is parsed', ['A'.repeat(22)]],
    ['null', null],
  ];

  it.each(malformed)('finds no session, and no command is sent to Redis: %s', async (_what, tried) => {
    await server.resetStats();
    expect(await shop.find(tried as string)).toBeUndefined();
    if (typeof tried === 'string') await shop.destroy(tried);
    expect(await server.commandStats()).toEqual({});
  });

  it.each(malformed)('finds no session, and another store is not called: %s', async (_what, tried) => {
    const watched = watch(new InMemorySessionStore());
    expect(await repositoryOf(watched.store).find(tried as string)).toBeUndefined();
    expect(watched.calls).toEqual([]);
  });
});

describe('an attacker who passes an id of the application "shop_admin" to the application "shop"', () => {
  it('finds no session, in any form of the id', async () => {
    expect(await server.admin.exists(`{shop_admin_${id}}_Data`)).toBe(1);
    for (const tried of [id, `admin_${id}`, `_admin_${id}`, `admin_${id}`.slice(0, 22)]) {
      expect(await shop.find(tried)).toBeUndefined();
    }
  });

  it('ends no session', async () => {
    for (const tried of [id, `admin_${id}`]) await shop.destroy(tried);
    expect((await admin.find<{ user: string }>(id))?.user).toBe('clerk');
  });

  it('finds no session with a credential either', async () => {
    expect(await shop.findByCredential(`admin_${id}.${'A'.repeat(43)}`)).toBeUndefined();
  });
});
