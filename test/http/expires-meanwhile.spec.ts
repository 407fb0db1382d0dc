import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { ExclusiveController, PlainController, Stage } from './exclusive-app.js';
import { type HttpApp, platforms, startApp } from './http-app.js';

describe.each(platforms)('a session that expires while its handler runs, on %s', (platform) => {
  let server: RedisServer;
  let http: HttpApp;
  let browser: Browser;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    http = await startApp(platform, {
      controllers: [PlainController, ExclusiveController],
      providers: [Stage],
      options: { store: 'redis', port: server.port, idleTimeoutInSeconds: 1 },
    });
    browser = http.browser();
  });
  afterEach(() => http.close());

  /** A handler that runs until its session has expired. */
  async function slowHandler() {
    const stage = http.app.get(Stage);
    let answer: ReturnType<Browser['post']>;
    // On a slow machine the session can expire before its second request.
    const session = await eventually(async () => {
      await browser.post('/start');
      answer = browser.post('/hold-plain');
      const entered = await stage.next();
      if (entered.session.isNew) entered.leave.resolve();
      expect(entered.session.isNew).toBe(false);
      return entered;
    });
    await eventually(async () => expect(await server.admin.keys(`{${http.applicationName}_*`)).toEqual([]));
    return { ...session, answer: answer! };
  }
  const keys = () => server.admin.keys(`{${http.applicationName}_*`);

  it('is answered, and stores nothing', async () => {
    const { leave, answer } = await slowHandler();
    leave.resolve();
    const { status, setCookies } = await answer;
    expect([status, setCookies]).toEqual([201, []]);
    expect(await keys()).toEqual([]);
  });

  it('answers 409 to a login, which must not seem successful', async () => {
    const { session, leave, answer } = await slowHandler();
    session.rotate();
    leave.resolve();
    const { status, setCookies } = await answer;
    expect([status, setCookies]).toEqual([409, []]);
    expect(await keys()).toEqual([]);
  });
});
