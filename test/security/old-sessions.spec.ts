import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import {
  expressSession,
  type ExpressSessionOptions,
  InMemorySessionStore,
  RedisSessionModule,
  type RedisSessionModuleOptions,
  Session,
} from 'nestjs-redis-session';
import { type OldSession, SessionMigration } from '../../lib/migration/session-migration.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { SessionOperations } from '../../lib/session/session-operations.js';
import { sessionOf } from '../../lib/session/session-proxy.js';
import { type NestApp, platforms, startNest } from '../integrations/nest-app.js';
import { OldShop, type OldShopOptions } from '../integrations/old-shop.js';
import { rememberedSessions } from '../integrations/remembered-sessions.js';
import { deferred } from '../support/barrier.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

@Controller()
class ShopController {
  @Get()
  show(@Session() session: Session<object>): object {
    return session;
  }

  @Post('logout')
  async logout(@Session() session: Session<object>): Promise<void> {
    await session.destroy();
  }

  @Post('logout-by-regenerate')
  async regenerate(@Session() session: Session<object>): Promise<void> {
    await session.regenerate();
  }
}

const ignore = () => undefined;

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const ada = { name: 'ada' };

describe.each(platforms)('an old session of express-session, on %s', (platform) => {
  let applicationName: string;
  let prefix: string;
  let old: OldShop;
  let app: NestApp;
  let warnings: string[];
  afterEach(() => Promise.all([old.close(), app.close()]));

  async function start(
    were: OldShopOptions = {},
    are: Partial<ExpressSessionOptions> = {},
    attributes: object = ada,
    options: RedisSessionModuleOptions = {},
  ): Promise<Browser> {
    applicationName = uniqueName('new-shop');
    prefix = `${uniqueName('sess')}:`;
    warnings = [];
    old = await OldShop.start(redis.url, { prefix, ...were });
    const module = RedisSessionModule.forRoot({
      ...options,
      applicationName,
      connectionString: redis.url,
      migrateFrom: expressSession({ secret: 'keyboard cat', prefix, ...are }),
    });
    const logger = { log: ignore, error: ignore, warn: (message: string) => void warnings.push(message) };
    app = await startNest(platform, { imports: [module], controllers: [ShopController] }, (made) =>
      made.useLogger(logger),
    );
    const visitor = app.browser();
    visitor.setCookie(were.name ?? 'connect.sid', await old.visit(attributes));
    return visitor;
  }

  const oldKeys = (): Promise<string[]> => redis.admin.keys(`${prefix}*`);
  const newKeys = (): Promise<string[]> => redis.admin.keys(`{${applicationName}_*_Data`);

  describe('that the old application stores again', () => {
    it.each(['/logout', '/logout-by-regenerate'])('is not restored after %s', async (logout) => {
      const visitor = await start();
      const [key] = await oldKeys();
      const record = (await redis.admin.get(key!))!;
      const thief = visitor.clone();
      expect((await visitor.get('/')).json()).toEqual(ada);
      await visitor.post(logout);

      for (const attempt of [1, 2]) {
        await redis.admin.set(key!, record);
        const answer = await thief.clone().get('/');
        expect([attempt, answer.json()]).toEqual([attempt, {}]);
        expect(answer.setCookies.map(({ name, value }) => [name, value])).toEqual([['connect.sid', '']]);
        expect([await oldKeys(), await newKeys()]).toEqual([[], []]);
      }
    });

    it('does not change the new session, and is removed', async () => {
      const visitor = await start();
      const [key] = await oldKeys();
      const late = visitor.clone();
      await visitor.get('/');

      await redis.admin.set(key!, '{"cookie":{},"name":"mallory"}');

      expect((await late.get('/')).json()).toEqual(ada);
      expect(await oldKeys()).toEqual([]);
    });

    it.each([
      [undefined, 30 * 24 * 3600],
      [3600, 3600],
    ])('is remembered for rememberMigratedInSeconds: %p', async (rememberMigratedInSeconds, ttl) => {
      const visitor = await start({}, { rememberMigratedInSeconds });
      await visitor.get('/');
      await visitor.post('/logout');

      const [marker, ...others] = await redis.admin.keys(`{${applicationName}_*`);
      expect(others).toEqual([]);
      expect(marker).toMatch(/\}_Migrated$/);
      const left = await redis.admin.ttl(marker!);
      expect(left).toBeGreaterThan(ttl - 600);
      expect(left).toBeLessThanOrEqual(ttl);
    });

    it('is remembered longer if it had a longer lifetime', async () => {
      const year = 365 * 24 * 3600;
      const visitor = await start({ cookie: { maxAge: year * 1000 } }, {}, ada, {
        maxIdleTimeoutInSeconds: year,
      });
      await visitor.get('/');

      const [marker] = await redis.admin.keys(`{${applicationName}_*_Migrated`);
      expect(await redis.admin.ttl(marker!)).toBeGreaterThan(year - 600);
    });
  });

  it.each<[bound: string, RedisSessionModuleOptions, longest: number]>([
    ['the longest idle timeout', {}, 30 * 24 * 3600],
    ['the absolute timeout', { absoluteTimeoutInSeconds: 7200 }, 7200],
  ])('does not outlive %s, whatever its maxAge', async (_bound, options, longest) => {
    const visitor = await start({}, {}, ada, options);
    const [key] = await oldKeys();
    const record = JSON.parse((await redis.admin.get(key!))!) as object;
    await redis.admin.set(key!, text(record, {}, { originalMaxAge: 1e300 }));

    expect((await visitor.get('/')).json()).toEqual(ada);

    const [session] = await newKeys();
    expect(await redis.admin.hget(session!, ':idle')).toBe(String(longest * 1000));
    expect(warnings).toEqual([]);
  });

  describe('that cannot be migrated', () => {
    const SECRET = 'SECRET-VALUE';
    const unusable: [string, (record: object) => string, RegExp][] = [
      ['it is too large', (record) => text(record, { big: SECRET.repeat(10_000) }), /maxSessionBytes/],
      [
        'it is nested deeply',
        (record) => deep(record, 100_000),
        /session\.deep is nested more than 64 levels/,
      ],
      [
        'a name is half of a character',
        (record) => text(record, { 'half \ud800\n': SECRET }),
        /half a character/,
      ],
    ];

    it.each(unusable)('is replaced by a new session, with one log line: %s', async (_, write, reason) => {
      const visitor = await start();
      const [key] = await oldKeys();
      await redis.admin.set(key!, write(JSON.parse((await redis.admin.get(key!))!) as object));
      const tab = visitor.clone();

      const answer = await visitor.get('/');

      expect([answer.status, answer.json()]).toEqual([200, {}]);
      expect(visitor.cookie('connect.sid')).toBeUndefined();
      expect([await oldKeys(), await newKeys()]).toEqual([[], []]);
      expect([(await tab.get('/')).status, (await visitor.get('/')).status]).toEqual([200, 200]);
      expect(warnings).toEqual([expect.stringMatching(reason)]);
      expect(warnings[0]).toMatch(/^A session of the old application cannot be taken over, .*$/);
      expect(warnings[0]).not.toContain(SECRET);
    });
  });

  it.each(['__Host-sess', '__Secure-sess', '__host-sess'])(
    'has its cookie removed with the attributes that its name requires: %s',
    async (name) => {
      const visitor = await start({}, { name });
      const cookie = `${name}=${visitor.cookie('connect.sid')}`;

      const answer = await app.browser().get('/', { headers: { cookie } });

      expect(answer.json()).toEqual(ada);
      const removal = answer.setCookies.find((one) => one.name === name);

      expect(removal?.attributes).toMatchObject({ secure: '', path: '/', 'max-age': '0' });
    },
  );
});

function text(record: object, attributes: object, cookie: object = {}): string {
  const old = record as { cookie: object };
  return JSON.stringify({ ...old, ...attributes, cookie: { ...old.cookie, ...cookie } });
}

function deep(record: object, levels: number): string {
  return JSON.stringify(record).replace(/\}$/, `,"deep":${'['.repeat(levels)}${']'.repeat(levels)}}`);
}

describe('a request that stalls between reading the old session and its write', () => {
  const presented = { id: 'the old id', secret: 'keyboard cat' };
  const record: OldSession = { attributes: ada, idleTimeoutInSeconds: undefined };

  /** One request that has read the old session and waits for the test, and one that migrates at once. */
  function twoRequests() {
    let now = 1_700_000_000_000;
    const store = new InMemorySessionStore({ now: () => now++ });
    const operations = new SessionOperations(store, resolveOptions({ store, applicationName: uniqueName() }));
    const migrated = rememberedSessions();
    const [found, goOn] = [deferred(), deferred()];
    const migrationOf = (find: () => Promise<OldSession | undefined>) =>
      new SessionMigration(operations, { find, remove: () => Promise.resolve() }, migrated, {
        warn: () => undefined,
      });
    const stalled = migrationOf(async () => {
      found.resolve();
      await goOn.promise;
      return record;
    }).open(presented);
    const quick = () => migrationOf(() => Promise.resolve(record)).open(presented);
    return { store, stalled, quick, found: found.promise, goOn: () => goOn.resolve() };
  }

  it('does not restore the session after a logout', async () => {
    const { store, stalled, quick, found, goOn } = twoRequests();
    await found;
    const { core } = (await quick())!;
    await sessionOf(core).destroy();
    goOn();

    expect(await stalled).toBeUndefined();
    expect(await store.load(core.id)).toBeUndefined();
  });

  it('cannot use the session after a login, and does not change it', async () => {
    const { store, stalled, quick, found, goOn } = twoRequests();
    await found;
    const session = sessionOf((await quick())!.core) as Session<{ user: string }>;
    session.user = 'ada';
    session.rotate();
    await session.save();
    goOn();

    expect(await stalled).toBeUndefined();
    expect((await store.load(session.id))?.attributes.get('user')).toBe('"ada"');
  });

  it('shares the session with the other request if nobody has logged out', async () => {
    const { stalled, quick, found, goOn } = twoRequests();
    await found;
    const { core } = (await quick())!;
    goOn();

    expect((await stalled)?.core.id).toBe(core.id);
  });
});
