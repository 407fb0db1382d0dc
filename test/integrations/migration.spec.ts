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

  /** The old application and the new one, on one Redis; answers with a visitor of the old one. */
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

  it('gives a visitor the session that express-session and connect-redis have stored', async () => {
    const visitor = await start(ada);

    expect((await visitor.get('/')).json()).toEqual(ada);
    expect((await visitor.get('/')).json()).toEqual(ada);
  });

  it('puts a cookie and a record of ours in the place of the old ones', async () => {
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

  it('does so on a route that never looks at the session', async () => {
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

  it('keeps the lifetime that the session had', async () => {
    const hour = 3_600_000;
    const visitor = await start(ada, { cookie: { maxAge: hour } }, {}, { idleTimeoutInSeconds: 60 });

    const { setCookies } = await visitor.get('/');

    expect(setCookies.find(({ name }) => name === 'sid')?.attributes).toMatchObject({ 'max-age': '3600' });

    const left = await redis.admin.pttl((await newKeys())[0]!);
    expect(left).toBeGreaterThan(hour - 60_000);
    expect(left).toBeLessThanOrEqual(hour);
  });

  it("gives a session that ended with the browser the application's lifetime", async () => {
    const visitor = await start(ada, {}, {}, { idleTimeoutInSeconds: 60 });

    await visitor.get('/');

    const left = await redis.admin.pttl((await newKeys())[0]!);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  it('tries all secrets', async () => {
    const secret = ['newest', 'newer', 'oldest'];
    const visitor = await start(ada, { secret: 'oldest' }, { secret });

    expect((await visitor.get('/')).json()).toEqual(ada);
  });

  it('takes name and prefix as they were', async () => {
    const visitor = await start(ada, { name: 'shop', prefix: 'shop-sessions:' }, { name: 'shop' });

    expect((await visitor.get('/')).json()).toEqual(ada);
    expect(visitor.cookie('shop')).toBeUndefined();
  });

  it('reads the old sessions from another Redis where a client is given', async () => {
    const client = redis.client();
    const visitor = await start(ada, {}, { client }, { store: 'memory', connectionString: undefined });

    expect((await visitor.get('/')).json()).toEqual(ada);
    expect([await oldKeys(), await newKeys()]).toEqual([[], []]);
  });

  it('makes one session for all requests that come with the old cookie at once', async () => {
    const visitor = await start(ada);
    const tabs = Array.from({ length: 20 }, () => visitor.clone());

    const answers = await Promise.all(tabs.map((tab) => tab.get('/')));

    expect(answers.map((answer) => answer.json())).toEqual(tabs.map(() => ada));
    expect(new Set(tabs.map((tab) => tab.cookie('sid'))).size).toBe(1);
    expect(await newKeys()).toHaveLength(1);
  });

  it('goes on where an answer with the new cookie was lost', async () => {
    const visitor = await start(ada);
    const lost = visitor.clone();
    await lost.post('/visits');

    expect((await visitor.get('/')).json()).toEqual({ ...ada, visits: 1 });
    expect(visitor.cookie('sid')).toBe(lost.cookie('sid'));
  });

  it.each(['/logout', '/login'])('makes the old cookie useless with %s', async (path) => {
    const visitor = await start(ada);
    const thief = visitor.clone();
    await visitor.post(path);

    expect((await thief.get('/')).json()).toEqual({});
    expect(thief.cookie('sid')).toBeUndefined();
  });

  describe('when the cookie is not one that we have signed', () => {
    it('takes the visitor for a new one: another secret signed it', async () => {
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
    it.each(forgeries)('takes the visitor for a new one: %s', async (_what, forge) => {
      const visitor = await start(ada);
      visitor.setCookie('connect.sid', forge(visitor.cookie('connect.sid')!));

      const answer = await visitor.get('/');

      expect(answer.json()).toEqual({});
      expect(answer.setCookies).toEqual([]);
      expect(await oldKeys()).toHaveLength(1);
    });
  });

  it('takes the cookie of a session that is gone from the browser, and stores nothing', async () => {
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
  ])('takes a record that is no live session of express-session for none: %s', async (text) => {
    const visitor = await start(ada);
    await redis.admin.set((await oldKeys())[0]!, text);

    expect((await visitor.get('/')).json()).toEqual({});
    expect(visitor.cookie('connect.sid')).toBeUndefined();
  });

  it('leaves out attributes whose names are taken', async () => {
    const visitor = await start({ ...ada, rotate: 'left', idleTimeoutInSeconds: 1, ':secret': 'x' });

    expect((await visitor.get('/')).json()).toEqual(ada);
  });

  it('prefers the session of ours where a visitor has both', async () => {
    const visitor = await start(ada);
    const other = app.browser();
    await other.post('/visits');
    visitor.setCookie('sid', other.cookie('sid')!);

    expect((await visitor.get('/')).json()).toEqual({ visits: 1 });
    expect(await oldKeys()).toHaveLength(1);
  });
});

describe('a request that comes while another one migrates the session', () => {
  it('finds the new one where the old one is gone by then', async () => {
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
  it.each([undefined, '', [], ['good', '']])('needs a secret; not %j', (secret) => {
    expect(() => expressSession({ secret: secret as string })).toThrow(
      'migrateFrom: secret cannot be used (its value is not shown)',
    );
  });

  it.each([0, 1.5, -1, '60', null, 2 ** 31])(
    'remembers migrated sessions for whole seconds; not %p',
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

  it('needs a client where the sessions are not in Redis', async () => {
    const migrateFrom = expressSession({ secret: 'keyboard cat' });
    const imports = [RedisSessionModule.forRoot({ store: 'memory', migrateFrom })];

    await expect(startNest('express', { imports })).rejects.toMatchObject({
      faults: [
        'migrateFrom has no client while the sessions are not in Redis, so the old sessions cannot be read. Pass a client to expressSession().',
      ],
    });
  });
});
