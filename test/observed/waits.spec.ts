import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ExclusiveController, PlainController, Stage } from '../http/exclusive-app.js';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { RecordingObserver } from './recording.observer.js';

describe.each(platforms)(
  'an observer of requests that wait for the lock of their session, on %s',
  (platform) => {
    let server: RedisServer;
    let app: HttpApp;
    let observer: RecordingObserver;
    let browser: Browser;
    let stage: Stage;

    beforeAll(async () => {
      server = await RedisServer.start();
    });
    afterEach(() => app.close());
    afterAll(() => server.stop());

    async function start(waitTimeoutInMilliseconds = 10_000): Promise<void> {
      observer = new RecordingObserver();
      app = await startApp(platform, {
        controllers: [PlainController, ExclusiveController],
        providers: [Stage],
        options: {
          store: 'redis',
          port: server.port,
          observers: [observer],
          lock: { waitTimeoutInMilliseconds },
        },
      });
      browser = app.browser();
      stage = app.app.get(Stage);
      await browser.post('/start');
      observer.take();
    }

    it('hears of the wait in the queue of the process, too', async () => {
      await start();
      const first = browser.post('/hold');
      const { leave } = await stage.next();
      const second = browser.clone().post('/increment');
      await eventually(() => observer.begun.filter(({ operation }) => operation === 'lock').length === 2);
      expect(observer.of('lock')).toMatchObject([{ outcome: 'found', commands: 2, roundTrips: 1 }]);
      leave.resolve();
      expect([(await first).status, (await second).status]).toEqual([201, 201]);
      const ends = observer.heard().filter((what) => !what.startsWith('load'));
      expect(ends).toEqual(['lock found', 'save saved', 'lock found', 'save saved']);
    });

    it('hears that a wait timed out', async () => {
      await start(50);
      const first = browser.post('/hold');
      const { leave } = await stage.next();
      expect((await browser.clone().post('/increment')).status).toBe(423);
      expect(observer.of('lock').map(({ outcome, errorCode }) => [outcome, errorCode])).toEqual([
        ['found', undefined],
        ['locked', undefined],
      ]);
      leave.resolve();
      await first;
    });

    it('hears that a lease was lost', async () => {
      await start();
      const first = browser.post('/hold');
      const { leave } = await stage.next();
      await server.admin.del(`{${app.applicationName}_${browser.cookie('sid')!.split('.')[0]}}_Write_Lock`);
      leave.resolve();
      expect((await first).status).toBe(409);
      expect(observer.of('save')).toMatchObject([{ outcome: 'lock-lost' }]);
    });
  },
);
