import { Controller, Get, Post, type Type } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { expressSession, type RedisSessionModuleOptions, Session } from 'nestjs-redis-session';
import { OldShop } from '../integrations/old-shop.js';
import { LimitedLoginController } from '../readme/session-limit.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { ShopController } from './shop.controller.js';

/** Uses of a session that a limit must not mistake for another login. */
@Controller()
class UnusualLoginController {
  @Post('twice')
  async twice(@Session() session: Session<{ user: string }>): Promise<void> {
    session.user = 'ada';
    await session.save();
    session.user = 'eve';
    await session.save();
    session.user = 'ada';
    session.rotate();
  }

  @Post('again')
  async again(@Session() session: Session<{ user: string }>): Promise<void> {
    session.user = 'ada';
    await session.save();
    const next = (await session.regenerate()) as Session<{ user: string }>;
    next.user = 'ada';
  }

  @Get('me')
  me(@Session('user') user: string | undefined): string {
    return user ?? 'nobody';
  }
}

describe.each(platforms)('a limit of sessions for each user, on %s', (platform) => {
  let server: RedisServer;
  const apps: HttpApp[] = [];
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });
  afterAll(() => server.stop());

  async function start(options: RedisSessionModuleOptions, shop: Type = ShopController): Promise<HttpApp> {
    const app = await startApp(platform, {
      controllers: [shop, UnusualLoginController],
      options: { store: 'redis', port: server.port, ...options },
    });
    apps.push(app);
    return app;
  }

  it('logs out the oldest session at a login', async () => {
    const app = await start({ maxSessionsPerUser: 2 });
    const visitors = [app.browser(), app.browser(), app.browser()];
    for (const visitor of visitors) expect((await visitor.post('/login', { user: 'ada' })).status).toBe(201);
    const users = [];
    for (const visitor of visitors) users.push((await visitor.get('/me')).text);
    expect(users).toEqual(['nobody', 'ada', 'ada']);
  });

  it('answers a login that is one too many with 409, without a cookie, if the option says so', async () => {
    const app = await start({ maxSessionsPerUser: 1, onSessionLimit: 'refuse' });
    await app.browser().post('/login', { user: 'ada' });
    const visitor = app.browser();
    const refused = await visitor.post('/login', { user: 'ada' });
    expect(refused.status).toBe(409);
    expect(refused.json()).toMatchObject({
      message: expect.stringMatching(/^This user has as many sessions as maxSessionsPerUser allows \(1\)/),
    });
    expect(refused.text).not.toContain('ada');
    expect(refused.setCookies).toEqual([]);
    expect((await visitor.get('/me')).text).toBe('nobody');
    expect(await app.sessions.findByUser('ada')).toHaveLength(1);
  });

  it('leaves the session of a visitor who was refused as it was', async () => {
    const app = await start({ maxSessionsPerUser: 1, onSessionLimit: 'refuse' });
    await app.browser().post('/login', { user: 'ada' });
    const visitor = app.browser();
    await visitor.post('/session', { item: 'tea' });
    const credential = visitor.cookie('sid');
    expect((await visitor.post('/login', { user: 'ada' })).status).toBe(409);
    expect(visitor.cookie('sid')).toBe(credential);
    expect((await visitor.get('/session')).json()).toMatchObject({ attributes: { item: 'tea' } });
  });

  it('lets a handler answer a refused login itself', async () => {
    const app = await start({ maxSessionsPerUser: 1, onSessionLimit: 'refuse' }, LimitedLoginController);
    const [first, second] = [app.browser(), app.browser()];
    const login = { user: 'ada', password: 'open sesame' };
    expect((await first.post('/login', login)).status).toBe(201);
    const refused = await second.post('/login', login);
    expect(refused.status).toBe(409);
    const { message, devices } = refused.json() as { message: string; devices: { id: string }[] };
    expect(message).toBe('Log out on one of these devices first.');
    expect(devices.map(({ id }) => id)).toEqual([first.cookie('sid')!.split('.')[0]]);
    expect((await second.get('/me')).text).toBe('nobody');
    await app.sessions.destroy(devices[0]!.id);
    expect((await second.post('/login', login)).status).toBe(201);
    expect((await second.get('/me')).text).toBe('ada');
  });

  it.each(['/twice', '/again'])('counts a session once, whatever its handler does: POST %s', async (path) => {
    const app = await start({ maxSessionsPerUser: 1, onSessionLimit: 'refuse' });
    const visitor = app.browser();
    expect((await visitor.post(path)).status).toBe(201);
    expect((await visitor.get('/me')).text).toBe('ada');
    expect((await visitor.post(path)).status).toBe(201);
    expect((await visitor.get('/me')).text).toBe('ada');
    expect(await app.sessions.findByUser('ada')).toHaveLength(1);
    expect(await app.sessions.findByUser('eve')).toEqual([]);
  });

  it.each([
    ['end-oldest', 50],
    ['refuse', 3],
  ] as const)(
    'holds for 50 logins over two applications, with %s',
    async (onSessionLimit, successes) => {
      const options = { applicationName: uniqueName('limit'), maxSessionsPerUser: 3, onSessionLimit };
      const [one, two] = [await start(options), await start(options)];
      const visitors = Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? one : two).browser());
      const answers = await Promise.all(visitors.map((visitor) => visitor.post('/login', { user: 'ada' })));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(successes);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(50 - successes);
      expect(await one.sessions.findByUser('ada')).toHaveLength(3);
      const users = await Promise.all(visitors.map(async (visitor) => (await visitor.get('/me')).text));
      expect(users.filter((user) => user === 'ada')).toHaveLength(3);
    },
    30_000,
  );

  it('holds for 50 logins whose clients hang up', async () => {
    const app = await start({ maxSessionsPerUser: 3 });
    await app.browser().get('/me');
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const leave = new AbortController();
        const answer = app.browser().post('/login', { user: 'ada' }, { signal: leave.signal });
        if (n % 2 === 0) setTimeout(() => leave.abort(), n / 2);
        await answer.catch(() => undefined);
      }),
    );
    // Logins of clients that hung up may still be under way.
    await eventually(async () => {
      expect((await app.browser().post('/login', { user: 'ada' })).status).toBe(201);
      expect(await app.sessions.findByUser('ada')).toHaveLength(3);
      expect(await server.admin.keys(`{${app.applicationName}_*}_Data`)).toHaveLength(3);
    });
  }, 30_000);

  it('counts sessions that were stored before encryption was turned on', async () => {
    const options: RedisSessionModuleOptions = {
      applicationName: uniqueName('limit'),
      maxSessionsPerUser: 2,
      onSessionLimit: 'refuse',
      indexes: { user: (session) => session.user },
    };
    const before = await start(options);
    const [first, second] = [before.browser(), before.browser()];
    await first.post('/login', { user: 'ada' });
    await second.post('/login', { user: 'ada' });
    const encryption = { keys: [randomBytes(32)], acceptPlainText: true };
    const app = await start({ ...options, encryption });
    const visitor = app.browser();
    expect((await visitor.post('/login', { user: 'ada' })).status).toBe(409);
    // What is stored now is stored under the hash of the user, which is not another login.
    const here = app.browser();
    here.setCookie('sid', first.cookie('sid')!);
    expect((await here.post('/session', { item: 'tea' })).status).toBe(201);
    expect(await app.sessions.findByUser('ada')).toHaveLength(2);
    expect((await visitor.post('/login', { user: 'ada' })).status).toBe(409);
  });

  it('never refuses a session that is taken over from express-session, and counts it from then on', async () => {
    const prefix = `${uniqueName('old')}:`;
    const old = await OldShop.start(server.url, { prefix });
    try {
      const cookies = [await old.visit({ user: 'ada' }), await old.visit({ user: 'ada' })];
      const app = await start({
        maxSessionsPerUser: 1,
        onSessionLimit: 'refuse',
        migrateFrom: expressSession({ secret: 'keyboard cat', prefix }),
      });
      for (const cookie of cookies) {
        const visitor = app.browser();
        visitor.setCookie('connect.sid', cookie);
        expect((await visitor.get('/me')).text).toBe('ada');
      }
      expect(await app.sessions.findByUser('ada')).toHaveLength(2);
      expect((await app.browser().post('/login', { user: 'ada' })).status).toBe(409);
    } finally {
      await old.close();
    }
  });

  it('answers 503 while Redis does not answer, and binds nothing', async () => {
    const own = await RedisServer.start();
    try {
      const app = await start({ port: own.port, maxSessionsPerUser: 1, operationTimeoutInMilliseconds: 300 });
      const visitor = app.browser();
      await visitor.post('/session', { item: 'tea' });
      own.freeze();
      expect((await app.browser().post('/login', { user: 'ada' })).status).toBe(503);
      own.thaw();
      expect((await visitor.get('/session')).json()).toMatchObject({ attributes: { item: 'tea' } });
      expect((await visitor.post('/login', { user: 'ada' })).status).toBe(201);
      expect(await app.sessions.findByUser('ada')).toHaveLength(1);
    } finally {
      await own.stop();
    }
  });
});
