import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { Session, SessionRepository, type ListedSession } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { DevicesController } from '../readme/devices.js';
import { type Deferred, deferred } from '../support/barrier.js';
import { RedisServer } from '../support/redis-server.js';

let passwordChecked: Deferred<void>;
let answered: Deferred<void>;

/** A login that takes its time after it has checked the password. */
@Controller()
class SlowLoginController {
  constructor(private readonly sessions: SessionRepository) {}

  @Post('slow-login')
  async login(@Session() session: Session<{ user: string }>) {
    passwordChecked.resolve();
    await answered.promise;
    session.rotate();
    session.user = 'ada';
    return 'Welcome, Ada';
  }

  @Post('only-here')
  async onlyHere(@Session() session: Session<{ user: string }>) {
    session.rotate();
    session.user = 'ada';
    await this.sessions.destroyByUser('ada', { except: session });
  }

  @Get('me')
  me(@Session('user') user: string | undefined) {
    return { user: user ?? 'nobody' };
  }
}

describe.each(platforms)('who stole a password, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  afterEach(() => app.close());

  async function start(): Promise<void> {
    passwordChecked = deferred();
    answered = deferred();
    app = await startApp(platform, {
      controllers: [DevicesController, SlowLoginController],
      options: { store: 'redis', port: server.port, listedAttributes: ['device'] },
    });
  }
  async function loggedIn(device: string) {
    const browser = app.browser();
    await browser.post('/login', { user: 'ada', password: 'open sesame', device });
    return browser;
  }

  it('is seen in the list of devices, and can be logged out there', async () => {
    await start();
    const [owner, thief] = [await loggedIn('laptop'), await loggedIn('unknown')];
    const devices = (await owner.get('/devices')).json() as ListedSession[];
    expect(devices.map(({ attributes }) => attributes)).toEqual(
      expect.arrayContaining([{ device: 'laptop' }, { device: 'unknown' }]),
    );
    const secrets = [owner, thief].map((browser) => browser.cookie('sid')!.split('.')[1]!);
    for (const secret of secrets) expect(JSON.stringify(devices)).not.toContain(secret);
    const { id } = devices.find(({ attributes }) => attributes['device'] === 'unknown')!;
    await owner.delete(`/devices/${id}`);
    expect((await thief.get('/me')).json()).toEqual({ user: 'nobody' });
    expect((await owner.get('/me')).json()).toEqual({ user: 'ada' });
  });

  it('cannot log out a device of somebody else', async () => {
    await start();
    const [owner, stranger] = [await loggedIn('laptop'), app.browser()];
    await stranger.post('/login', { user: 'eve', password: 'open sesame', device: 'x' });
    const [{ id }] = (await owner.get('/devices')).json() as [ListedSession];
    await stranger.delete(`/devices/${id}`);
    expect((await owner.get('/me')).json()).toEqual({ user: 'ada' });
  });

  it('loses all sessions when the owner changes the password, who keeps one', async () => {
    await start();
    const [owner, thief, another] = [await loggedIn('laptop'), await loggedIn('x'), await loggedIn('y')];
    expect((await owner.post('/password')).status).toBe(201);
    expect((await thief.get('/me')).json()).toEqual({ user: 'nobody' });
    expect((await another.get('/me')).json()).toEqual({ user: 'nobody' });
    expect((await owner.get('/me')).json()).toEqual({ user: 'ada' });
  });

  it('gets nothing of a login that is under way meanwhile', async () => {
    await start();
    const owner = await loggedIn('laptop');
    const thief = app.browser();
    const login = thief.post('/slow-login');
    await passwordChecked.promise;
    await owner.post('/password');
    answered.resolve();
    const answer = await login;
    expect(answer.status).toBe(409);
    expect(answer.text).not.toContain('Welcome');
    expect(thief.cookie('sid')).toBeUndefined();
    expect(await app.sessions.findByUser('ada')).toHaveLength(1);
  });

  it('gets nothing of such a login in a session that it had before', async () => {
    await start();
    const owner = await loggedIn('laptop');
    const thief = app.browser();
    await thief.post('/login', { user: 'eve', password: 'open sesame', device: 'x' });
    const before = thief.cookie('sid');
    const login = thief.post('/slow-login');
    await passwordChecked.promise;
    await owner.post('/password');
    answered.resolve();
    expect((await login).status).toBe(409);
    expect([before, undefined]).toContain(thief.cookie('sid'));
    expect((await thief.get('/me')).json()).toEqual({ user: 'nobody' });
  });

  it('loses everything to a login that allows only itself', async () => {
    await start();
    const thief = await loggedIn('x');
    const owner = app.browser();
    expect((await owner.post('/only-here')).status).toBe(201);
    expect((await owner.get('/me')).json()).toEqual({ user: 'ada' });
    expect((await thief.get('/me')).json()).toEqual({ user: 'nobody' });
  });

  it('leaves one session if several logins that allow only themselves race', async () => {
    await start();
    const browsers = Array.from({ length: 8 }, () => app.browser());
    const answers = await Promise.all(browsers.map((browser) => browser.post('/only-here')));
    expect(answers.map(({ status }) => status).filter((status) => status !== 201 && status !== 409)).toEqual(
      [],
    );
    expect((await app.sessions.findByUser('ada')).length).toBeLessThanOrEqual(1);
  });
});
