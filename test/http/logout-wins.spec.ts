import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { ExclusiveController, PlainController, Stage } from './exclusive-app.js';
import { type HttpApp, platforms, startApp } from './http-app.js';

const seenBy = async (visitor: Browser) => (await visitor.get('/peek')).json();
const stores = ['memory', 'redis'] as const;

// Each request waits for the test between its load and its save.
describe.each(platforms)('requests of one session that overlap on %s', (platform) => {
  describe.each(stores)('in %s', (store) => {
    let server: RedisServer | undefined;
    let http: HttpApp;
    let stage: Stage;
    let browser: Browser;

    beforeAll(async () => {
      if (store === 'redis') server = await RedisServer.start();
    });
    afterAll(() => server?.stop());
    beforeEach(async () => {
      http = await startApp(platform, {
        controllers: [PlainController, ExclusiveController],
        providers: [Stage],
        options: { store, ...(server && { host: server.host, port: server.port }) },
      });
      stage = http.app.get(Stage);
      browser = http.browser();
      await browser.post('/start');
    });
    afterEach(() => http.close());

    const locks = async () => server?.admin.keys(`{${http.applicationName}_*_Write_Lock`);

    /** A request of the same visitor that has loaded the session and not stored it yet. */
    async function overlap(path = '/hold-plain') {
      const visitor = browser.clone();
      const answer = visitor.post(path);
      const entered = await stage.next();
      const leave = () => {
        entered.leave.resolve();
        return answer;
      };
      return { visitor, session: entered.session, leave };
    }

    describe('when a logout comes before a save', () => {
      it('the session is not restored, and the request is answered', async () => {
        const { leave, session } = await overlap();
        const stolen = browser.clone();
        await browser.post('/logout');
        expect((await leave()).status).toBe(201);
        expect(await http.sessions.find(session.id)).toBeUndefined();
        expect(await seenBy(stolen)).toEqual({});
      });

      it('session.save() rejects', async () => {
        const { leave, session } = await overlap();
        await browser.post('/logout');
        session.late = true;
        await expect(session.save()).rejects.toMatchObject({ code: 'SESSION_GONE' });
        await leave();
        expect(await http.sessions.find(session.id)).toBeUndefined();
      });

      it('session.rotate() does not restore it', async () => {
        const { leave, session } = await overlap();
        await browser.post('/logout');
        session.rotate();
        const { setCookies } = await leave();
        expect(setCookies).toEqual([]);
        expect(await http.sessions.find(session.id)).toBeUndefined();
      });

      it('session.touch() does not restore it', async () => {
        const { leave, session } = await overlap();
        await browser.post('/logout');
        await session.touch();
        expect(await http.sessions.find(session.id)).toBeUndefined();
        await leave();
      });

      it('session.destroy() succeeds, and later writes are refused', async () => {
        const { leave, session } = await overlap();
        await browser.post('/logout');
        await expect(session.destroy()).resolves.toBeUndefined();
        expect((await leave()).status).toBe(409);
        expect(await http.sessions.find(session.id)).toBeUndefined();
      });
    });

    describe('when a logout comes while a request holds the lock', () => {
      it('its changes are dropped, and the lock is removed with the session', async () => {
        const { leave, session } = await overlap('/hold');
        await browser.post('/logout');
        expect((await leave()).status).toBe(201);
        expect(await http.sessions.find(session.id)).toBeUndefined();
        expect((await locks()) ?? []).toEqual([]);
      });
    });

    describe('when two requests rotate at once', () => {
      it('one of them succeeds, and the other is refused and writes nothing', async () => {
        const [winner, loser] = [await overlap(), await overlap()];
        winner.session.rotate();
        winner.session.winner = true;
        loser.session.rotate();
        loser.session.loser = true;
        const won = await winner.leave();
        expect([won.status, won.setCookies.length]).toEqual([201, 1]);
        const lost = await loser.leave();
        expect([lost.status, lost.setCookies.length]).toEqual([409, 0]);
        expect(await seenBy(winner.visitor)).toEqual({ n: 0, held: true, winner: true });
        expect(await seenBy(loser.visitor)).toEqual({});
        expect(await seenBy(browser)).toEqual({});
      });
    });

    describe('when a rotation comes before a save', () => {
      it('the save is refused, since its credential has been revoked', async () => {
        const saving = await overlap();
        await browser.post('/rotate');
        const answer = await saving.leave();
        expect([answer.status, answer.setCookies.length]).toEqual([409, 0]);
        expect(await seenBy(browser)).toEqual({ n: 0 });
        expect(await seenBy(saving.visitor)).toEqual({});
      });
    });

    describe('when a regeneration comes before a save', () => {
      it('the save is dropped, and changes neither the old nor the new session', async () => {
        const saving = await overlap();
        await browser.post('/regenerate');
        const answer = await saving.leave();
        expect([answer.status, answer.setCookies.length]).toEqual([201, 0]);
        expect(await http.sessions.find(saving.session.id)).toBeUndefined();
        expect(await seenBy(browser)).toEqual({ n: 0 });
      });
    });

    describe('when two requests regenerate at once', () => {
      it('each gets its own new session, and the old one is gone', async () => {
        const [one, two] = [await overlap(), await overlap()];
        const next = await Promise.all([one.session.regenerate(), two.session.regenerate()]);
        await Promise.all([one.leave(), two.leave()]);
        expect(next[0].id).not.toBe(next[1].id);
        expect(await http.sessions.find(one.session.id)).toBeUndefined();
      });
    });
  });
});
