import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionConflictError, SessionStore } from 'nestjs-redis-session';
import { coreOf } from '../../lib/session/session-proxy.js';
import { ExclusiveController, PlainController, Stage } from '../http/exclusive-app.js';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import type { AnySession } from '../session/session-fixture.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';

const stores = ['memory', 'redis'] as const;

// The attacker planted a cookie and holds a request with it open until the victim has logged in.
describe.each(platforms)('an attacker who planted a credential, on %s', (platform) => {
  describe.each(stores)('in %s', (store) => {
    let server: RedisServer | undefined;
    let http: HttpApp;
    let stage: Stage;
    let victim: Browser;
    let attacker: Browser;

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
      attacker = http.browser();
      await attacker.post('/start');
      victim = attacker.clone();
    });
    afterEach(() => http.close());

    /** A request of the attacker that started before the victim logged in. */
    async function held() {
      const answer = attacker.post('/hold-plain');
      const { session, leave } = await stage.next();
      await victim.post('/rotate');
      await victim.post('/set/secret');
      return {
        session: session as unknown as AnySession,
        leave: () => {
          leave.resolve();
          return answer;
        },
      };
    }
    const ofVictim = async () => (await victim.get('/peek')).json() as object;

    it('cannot write into the session after the login: 409', async () => {
      const { session, leave } = await held();
      const before = await ofVictim();
      session.planted = true;
      const answer = await leave();
      expect([answer.status, answer.setCookies]).toEqual([409, []]);
      expect(await ofVictim()).toEqual(before);
    });

    const verbs: [string, (session: AnySession) => Promise<unknown>][] = [
      [
        'save it',
        (session) => {
          session.planted = true;
          return session.save();
        },
      ],
      ['read it', (session) => session.reload()],
      ['keep it alive', (session) => session.touch()],
      ['end it', (session) => session.destroy()],
      ['replace it', (session) => session.regenerate()],
      [
        'take it over',
        (session) => {
          session.rotate();
          return session.save();
        },
      ],
      [
        'take it over by reading it first',
        async (session) => {
          await session.reload().catch(() => undefined);
          session.rotate();
          return session.save();
        },
      ],
      ['save it through the repository', (session) => http.sessions.rotate(session)],
      ['end it through the repository', (session) => http.sessions.destroy(session)],
    ];
    it.each(verbs)('cannot %s', async (_, verb) => {
      const { session, leave } = await held();
      const before = await ofVictim();
      await expect(verb(session)).rejects.toBeInstanceOf(SessionConflictError);
      expect({ ...session }).not.toHaveProperty('secret');
      expect((await leave()).setCookies).toEqual([]);
      expect(await ofVictim()).toEqual(before);
      expect(await http.sessions.find(session.id)).toBeDefined();
    });

    it('cannot keep its lock by renewing it', async () => {
      const answer = attacker.post('/hold');
      const { session, leave } = await stage.next();
      const { lock } = coreOf(session);
      const port = http.app.get<SessionStore>(SessionStore);
      const lease = { token: lock!.token, leaseInMilliseconds: 30_000 };
      expect(await port.renewLock(session.id, lease, lock!.holder!.certainHash)).toBe(true);
      await victim.post('/rotate');
      expect(await port.renewLock(session.id, lease, lock!.holder!.certainHash)).toBe(false);
      leave.resolve();
      expect((await answer).status).toBe(409);
    });

    it('cannot continue with a session that the request itself created', async () => {
      const visitor = http.browser();
      const answer = visitor.post('/hold-plain');
      const { session, leave } = await stage.next();
      const created = session as unknown as AnySession;
      created.item = 'tea';
      await created.save();
      const same = (await http.sessions.findByCredential(http.sessions.credentialOf(created)!))!;
      await http.sessions.rotate(same);
      created.planted = true;
      leave.resolve();
      expect((await answer).status).toBe(409);
      expect({ ...(await http.sessions.find(created.id)) }).not.toHaveProperty('planted');
    });

    it('the visitor’s own request continues after its rotation', async () => {
      const answer = victim.post('/hold-plain');
      const { session, leave } = await stage.next();
      const own = session as unknown as AnySession;
      own.rotate();
      await own.save();
      own.more = 1;
      await own.reload();
      await own.touch();
      own.more = 2;
      leave.resolve();
      expect((await answer).status).toBe(201);
      expect(await ofVictim()).toMatchObject({ more: 2 });
      expect(await (await attacker.get('/peek')).json()).toEqual({});
    });

    it('a job that found the session by its id continues', async () => {
      const [id] = victim.cookie('sid')!.split('.');
      const inJob = (await http.sessions.find(id!)) as AnySession;
      await victim.post('/rotate');
      inJob.notice = 'sent';
      await http.sessions.save(inJob);
      expect(await ofVictim()).toMatchObject({ notice: 'sent' });
    });
  });
});
