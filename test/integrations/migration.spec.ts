import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import {
  expressSession,
  InMemorySessionStore,
  RedisSessionModule,
  Session,
  type ExpressSessionOptions,
  type RedisSessionModuleOptions,
} from 'nestjs-redis-session';
import { inspect } from 'node:util';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { SessionOperations } from '../../lib/session/session-operations.js';
import { SessionMigration, type OldSession } from '../../lib/migration/session-migration.js';
import { sessionOf } from '../../lib/session/session-proxy.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { platforms, startNest, type NestApp } from './nest-app.js';
import { idIn, OldShop, type OldShopOptions } from './old-shop.js';
import { rememberedSessions } from './remembered-sessions.js';

interface Shop {
  name: string;
  cart: { sku: string; quantity: number }[];
  visits: number;
}

@Controller()
class ShopController {
  @Get()
  show(@Session() session: Session<Shop>): Session<Shop> {
    return session;
  }

  @Get('without')
  without(): string {
    return 'no session is asked for';
  }

  @Post('visits')
  count(@Session() session: Session<Shop>): number {
    return (session.visits = (session.visits ?? 0) + 1);
  }

  @Post('logout')
  async logout(@Session() session: Session<Shop>): Promise<void> {
    await session.destroy();
  }

  @Post('login')
  login(@Session() session: Session<Shop>): void {
    session.rotate();
  }
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const ada = { name: 'ada', cart: [{ sku: 'tea', quantity: 2 }] };

describe.each(platforms)('migrateFrom: expressSession(), on %s', (platform) => {
  let applicationName: string;
  let prefix: string;
  let old: OldShop;
  let app: NestApp;
  afterEach(() => Promise.all([old.close(), app.close()]));

  /** Starts the old and the new application on one Redis. Returns a visitor of the old one. */
  async function start(
    attributes: object,
    were: OldShopOptions = {},
    are: Partial<ExpressSessionOptions> = {},
    options: RedisSessionModuleOptions = {},
  ): Promise<Browser> {
    applicationName = uniqueName('new-shop');
    prefix = were.prefix ?? `${uniqueName('sess')}:`;
    old = await OldShop.start(redis.url, { prefix, ...were });
    const module = RedisSessionModule.forRoot({
      applicationName,
      connectionString: redis.url,
      migrateFrom: expressSession({ secret: 'keyboard cat', prefix, ...are }),
      ...options,
    });
    app = await startNest(platform, { imports: [module], controllers: [ShopController] });
    const visitor = app.browser();
    visitor.setCookie(were.name ?? 'connect.sid', await old.visit(attributes));
    return visitor;
  }

  const oldKeys = (): Promise<string[]> => redis.admin.keys(`${prefix}*`);
  const newKeys = (): Promise<string[]> => redis.admin.keys(`{${applicationName}_*_Data`);

  it('loads the session that express-session and connect-redis stored', async () => {
    const visitor = await start(ada);

    expect((await visitor.get('/')).json()).toEqual(ada);
    expect((await visitor.get('/')).json()).toEqual(ada);
  });

  it('replaces the old cookie and the old record', async () => {
    const visitor = await start(ada);
    expect(await oldKeys()).toHaveLength(1);

    const { setCookies } = await visitor.get('/');

    expect(setCookies.map(({ name, value }) => [name, value.length])).toEqual([
      ['connect.sid', 0],
      ['sid', 66],
    ]);
    expect(visitor.cookie('connect.sid')).toBeUndefined();
    expect(await oldKeys()).toEqual([]);
    expect(await newKeys()).toEqual([`{${applicationName}_${visitor.cookie('sid')!.split('.')[0]}}_Data`]);
  });

  it('replaces them on a route that does not use the session, too', async () => {
    const visitor = await start(ada);

    await visitor.get('/without');

    expect(visitor.cookie('connect.sid')).toBeUndefined();
    expect((await visitor.get('/')).json()).toEqual(ada);
  });

  it('stores what the first request changes', async () => {
    const visitor = await start({ ...ada, visits: 41 });

    expect((await visitor.post('/visits')).text).toBe('42');
    expect((await visitor.get('/')).json()).toEqual({ ...ada, visits: 42 });
  });

  it('keeps the lifetime of the session', async () => {
    const hour = 3_600_000;
    const visitor = await start(ada, { cookie: { maxAge: hour } }, {}, { idleTimeoutInSeconds: 60 });

    const { setCookies } = await visitor.get('/');

    expect(setCookies.find(({ name }) => name === 'sid')?.attributes).toMatchObject({ 'max-age': '3600' });

    const left = await redis.admin.pttl((await newKeys())[0]!);
    expect(left).toBeGreaterThan(hour - 60_000);
    expect(left).toBeLessThanOrEqual(hour);
  });

  it('applies the idle timeout to a session without a lifetime', async () => {
    const visitor = await start(ada, {}, {}, { idleTimeoutInSeconds: 60 });

    await visitor.get('/');

    const left = await redis.admin.pttl((await newKeys())[0]!);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  it('does not count as a login of its user, and ignores an attribute that says so', async () => {
    const visitor = await start({ ...ada, user: 'ada', authenticatedAt: Date.now() });

    expect((await visitor.get('/')).json()).toEqual({ ...ada, user: 'ada' });
    await visitor.post('/visits');

    const stored = await redis.admin.hgetall((await newKeys())[0]!);
    expect(stored).toMatchObject({ ':user': 'ada', visits: '1' });
    expect(Object.keys(stored)).not.toContain(':authenticated');
    expect(Object.keys(stored)).not.toContain('authenticatedAt');
  });

  it('tries all secrets', async () => {
    const secret = ['newest', 'newer', 'oldest'];
    const visitor = await start(ada, { secret: 'oldest' }, { secret });

    expect((await visitor.get('/')).json()).toEqual(ada);
  });

  it('accepts the name and the prefix of the old application', async () => {
    const visitor = await start(ada, { name: 'shop', prefix: 'shop-sessions:' }, { name: 'shop' });

    expect((await visitor.get('/')).json()).toEqual(ada);
    expect(visitor.cookie('shop')).toBeUndefined();
  });

  it('reads the old sessions from another Redis if a client is given', async () => {
    const client = redis.client();
    const visitor = await start(ada, {}, { client }, { store: 'memory', connectionString: undefined });

    expect((await visitor.get('/')).json()).toEqual(ada);
    expect([await oldKeys(), await newKeys()]).toEqual([[], []]);
  });

  it('creates one session for concurrent requests with the old cookie', async () => {
    const visitor = await start(ada);
    const tabs = Array.from({ length: 20 }, () => visitor.clone());

    const answers = await Promise.all(tabs.map((tab) => tab.get('/')));

    expect(answers.map((answer) => answer.json())).toEqual(tabs.map(() => ada));
    expect(new Set(tabs.map((tab) => tab.cookie('sid'))).size).toBe(1);
    expect(await newKeys()).toHaveLength(1);
  });

  it('accepts the old cookie again if the response with the new one was lost', async () => {
    const visitor = await start(ada);
    const lost = visitor.clone();
    await lost.post('/visits');

    expect((await visitor.get('/')).json()).toEqual({ ...ada, visits: 1 });
    expect(visitor.cookie('sid')).toBe(lost.cookie('sid'));
  });

  it.each(['/logout', '/login'])('stops accepting the old cookie after %s', async (path) => {
    const visitor = await start(ada);
    const thief = visitor.clone();
    await visitor.post(path);

    expect((await thief.get('/')).json()).toEqual({});
    expect(thief.cookie('sid')).toBeUndefined();
  });

  describe('when the signature of the cookie is not valid', () => {
    it('treats the visitor as new: another secret signed it', async () => {
      const visitor = await start(ada, { secret: 'another' });

      const answer = await visitor.get('/');

      expect([answer.json(), answer.setCookies]).toEqual([{}, []]);
      expect(await oldKeys()).toHaveLength(1);
    });

    const forgeries: [string, (cookie: string) => string][] = [
      ['its id is another', (cookie) => cookie.replace('s%3A', 's%3Ax')],
      ['its signature is another', (cookie) => `${cookie.slice(0, -3)}xyz`],
      ['it has no signature', (cookie) => idIn(cookie)],
      ['it is empty', () => ''],
      ['it cannot be decoded', () => '%E0%A4%A'],
    ];
    it.each(forgeries)('treats the visitor as new: %s', async (_what, forge) => {
      const visitor = await start(ada);
      visitor.setCookie('connect.sid', forge(visitor.cookie('connect.sid')!));

      const answer = await visitor.get('/');

      expect(answer.json()).toEqual({});
      expect(answer.setCookies).toEqual([]);
      expect(await oldKeys()).toHaveLength(1);
    });
  });

  it('removes the cookie of a session that is gone, and stores nothing', async () => {
    const visitor = await start(ada);
    await redis.admin.del(await oldKeys());

    expect((await visitor.get('/')).json()).toEqual({});
    expect([visitor.cookie('connect.sid'), visitor.cookie('sid')]).toEqual([undefined, undefined]);
    expect(await newKeys()).toEqual([]);
  });

  it.each([
    '{"cookie":',
    'null',
    '"text"',
    '{"name":"ada"}',
    '{"cookie":{"expires":"2020-01-01T00:00:00.000Z"},"name":"ada"}',
  ])('ignores a record that is not a live session of express-session: %s', async (text) => {
    const visitor = await start(ada);
    await redis.admin.set((await oldKeys())[0]!, text);

    expect((await visitor.get('/')).json()).toEqual({});
    expect(visitor.cookie('connect.sid')).toBeUndefined();
  });

  it('leaves out attributes with reserved names', async () => {
    const visitor = await start({ ...ada, rotate: 'left', idleTimeoutInSeconds: 1, ':secret': 'x' });

    expect((await visitor.get('/')).json()).toEqual(ada);
  });

  it('prefers the new session if a visitor has both', async () => {
    const visitor = await start(ada);
    const other = app.browser();
    await other.post('/visits');
    visitor.setCookie('sid', other.cookie('sid')!);

    expect((await visitor.get('/')).json()).toEqual({ visits: 1 });
    expect(await oldKeys()).toHaveLength(1);
  });
});

describe('a request during the migration of its session', () => {
  it('finds the new session if the old one is gone by then', async () => {
    const store = new InMemorySessionStore();
    const policy = resolveOptions({ store, applicationName: uniqueName() });
    const operations = new SessionOperations(store, policy);
    const presented = { id: 'the old id', secret: 'keyboard cat' };
    const remove = jest.fn(() => Promise.resolve());
    const migrationOf = (find: () => Promise<OldSession | undefined>) =>
      new SessionMigration(operations, { find, remove }, rememberedSessions(), { warn: () => undefined });
    const first = migrationOf(() => Promise.resolve({ attributes: ada, idleTimeoutInSeconds: undefined }));
    const second = migrationOf(async () => void (await first.open(presented)));

    const migrated = await second.open(presented);

    expect({ ...sessionOf(migrated!.core) }).toEqual(ada);
  });
});

describe('expressSession()', () => {
  it.each([undefined, '', [], ['good', '']])('requires a secret, not %j', (secret) => {
    expect(() => expressSession({ secret: secret as string })).toThrow(
      'migrateFrom: secret cannot be used (its value is not shown)',
    );
  });

  it.each([0, 1.5, -1, '60', null, 2 ** 31])(
    'remembers migrated sessions for whole seconds, not %p',
    (given) => {
      const rememberMigratedInSeconds = given as number;
      expect(() => expressSession({ secret: 'keyboard cat', rememberMigratedInSeconds })).toThrow(
        `migrateFrom: rememberMigratedInSeconds is ${given}; expected an integer from 1 to 2147483647.`,
      );
    },
  );

  it('does not show its secrets', () => {
    const migration = expressSession({ secret: 'keyboard cat' });

    expect(JSON.stringify(migration)).not.toContain('keyboard');
    expect(inspect(migration, { showHidden: true, depth: 9 })).not.toContain('keyboard');
  });

  it('requires a client if the sessions are not in Redis', async () => {
    const migrateFrom = expressSession({ secret: 'keyboard cat' });
    const imports = [RedisSessionModule.forRoot({ store: 'memory', migrateFrom })];

    await expect(startNest('express', { imports })).rejects.toMatchObject({
      faults: [
        'migrateFrom has no client while the sessions are not in Redis, so the old sessions cannot be read. Pass a client to expressSession().',
      ],
    });
  });
});
