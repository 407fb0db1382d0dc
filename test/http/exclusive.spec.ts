import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type RedisSessionModuleOptions, SessionStore } from 'nestjs-redis-session';
import type { Server } from 'node:http';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { ExclusiveController, PlainController, Stage } from './exclusive-app.js';
import { type HttpApp, platforms, startApp } from './http-app.js';

const stores = ['memory', 'redis'] as const;
const gone = { code: 'ABORT_ERR' };
const fifty = Array.from({ length: 50 }, (_, index) => index);

describe.each(platforms)('exclusive sessions on %s', (platform) => {
  describe.each(stores)('in %s', (store) => {
    let server: RedisServer | undefined;
    let http: HttpApp | undefined;
    let stage: Stage;
    let browser: Browser;

    beforeAll(async () => {
      if (store === 'redis') server = await RedisServer.start();
    });
    afterAll(() => server?.stop());
    afterEach(async () => {
      await http?.close();
      http = undefined;
    });

    async function start(options: RedisSessionModuleOptions = {}): Promise<HttpApp> {
      http = await startApp(platform, {
        controllers: [PlainController, ExclusiveController],
        providers: [Stage],
        options: { store, ...(server && { host: server.host, port: server.port }), ...options },
      });
      stage = http.app.get(Stage);
      browser = http.browser();
      await browser.post('/start');
      return http;
    }

    const stored = async () => (await browser.get('/peek')).json();

    describe('when many requests of one session run at once', () => {
      beforeEach(() => start());

      it('keeps all 50 of 50 exclusive increments', async () => {
        const answers = await Promise.all(fifty.map(() => browser.clone().post('/increment')));
        expect(answers.map(({ text }) => Number(text)).toSorted((a, b) => a - b)).toEqual(
          fifty.map((n) => n + 1),
        );
        expect(await stored()).toEqual({ n: 50 });
      });

      it('loses one of two increments that are not exclusive', async () => {
        const answers = [1, 2].map(() => browser.clone().post('/hold-increment'));
        // Both read before one of them writes.
        for (const { leave } of [await stage.next(), await stage.next()]) leave.resolve();
        await Promise.all(answers);
        expect(await stored()).toEqual({ n: 1 });
      });

      it('keeps all 50 attributes that 50 requests set without a lock', async () => {
        await Promise.all(fifty.map((n) => browser.clone().post(`/set/a${n}`)));
        expect(await stored()).toEqual({ n: 0, ...Object.fromEntries(fifty.map((n) => [`a${n}`, true])) });
      });

      it('runs them one after the other, in the order of their arrival', async () => {
        const first = browser.post('/hold');
        const { leave } = await stage.next();
        const second = browser.clone().post('/hold');
        const third = browser.clone().post('/increment');
        expect(stage.count).toBe(1);
        leave.resolve();
        expect((await first).status).toBe(201);
        const next = await stage.next();
        expect(next.session.held).toBe(true);
        next.leave.resolve();
        expect((await second).status).toBe(201);
        expect((await third).text).toBe('1');
      });
    });

    describe('while another request holds the lock', () => {
      it('keeps what a guard wrote before the lock was acquired', async () => {
        await start();
        const holding = browser.post('/hold');
        const { leave } = await stage.next();
        const stamped = browser.clone().post('/stamped');
        leave.resolve();
        await holding;
        expect((await stamped).text).toBe('1');
        expect(await stored()).toEqual({ n: 1, held: true, stamped: true });
      });

      it('answers 423 with Retry-After after the wait timeout', async () => {
        await start({ lock: { waitTimeoutInMilliseconds: 50 } });
        const holding = browser.post('/hold');
        const { leave } = await stage.next();
        const refused = await browser.clone().post('/increment');
        expect(refused.status).toBe(423);
        expect(refused.headers['retry-after']).toBe('1');
        expect(refused.json()).toMatchObject({
          statusCode: 423,
          message: expect.stringContaining('lock.waitTimeoutInMilliseconds'),
        });
        leave.resolve();
        await holding;
        expect((await browser.post('/increment')).text).toBe('1');
      });

      it('answers 423 at once if the queue is full, and serves the other waiters', async () => {
        await start({ lock: { maxWaiters: 2 } });
        const holding = browser.post('/hold');
        const { leave } = await stage.next();
        const waiting = [1, 2, 3].map(() => browser.clone().post('/increment'));
        const refused = await Promise.race(waiting);
        expect(refused.status).toBe(423);
        expect(refused.headers['retry-after']).toBe('10');
        leave.resolve();
        await holding;
        const answers = await Promise.all(waiting);
        expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
        expect((await stored()).n).toBe(2);
      });

      it('does not hold up read-only requests', async () => {
        await start();
        const holding = browser.post('/hold');
        const { leave } = await stage.next();
        expect(await stored()).toEqual({ n: 0 });
        leave.resolve();
        await holding;
      });

      it('does not hold up another session', async () => {
        const app = await start();
        const holding = browser.post('/hold');
        const { leave } = await stage.next();
        const other = app.browser();
        await other.post('/start');
        expect((await other.post('/increment')).text).toBe('1');
        leave.resolve();
        await holding;
      });

      it('answers 409 to a waiter that was logged out meanwhile, without calling its handler', async () => {
        await start();
        const holding = browser.post('/hold');
        const { leave } = await stage.next();
        const waiting = browser.clone().post('/hold');
        const stale = browser.clone();
        await browser.clone().post('/logout');
        leave.resolve();
        expect((await waiting).status).toBe(409);
        expect((await holding).status).toBe(201);
        expect(stage.count).toBe(1);
        expect((await stale.get('/peek')).json()).toEqual({});
      });

      it('answers 409 to a waiter whose secret was replaced meanwhile', async () => {
        await start();
        const holding = browser.clone().post('/hold');
        const { leave } = await stage.next();
        const waiting = browser.clone().post('/hold');
        await browser.post('/rotate');
        leave.resolve();
        await holding;
        expect((await waiting).status).toBe(409);
        expect(stage.count).toBe(1);
        expect((await browser.post('/increment')).text).toBe('1');
      });
    });

    describe('a request frees the lock, however it ends', () => {
      // Far shorter than the lease, so a lock that was left behind causes a 423.
      beforeEach(() => start({ lock: { waitTimeoutInMilliseconds: 1000 } }));

      it.each([
        ['a response after a change', '/increment', 201],
        ['a response without a change', '/unchanged', 201],
        ['a redirect', '/redirects', 302],
        ['an exception', '/throws', 500],
        ['an exception that keeps the changes', '/rejects', 400],
        ['a refusing guard', '/refused', 403],
        ['a value that cannot be stored', '/unserializable', 500],
        ['a response that the handler writes itself', '/raw', 201],
        ['a regenerated session', '/regenerate', 201],
        ['a destroyed session', '/end', 201],
      ])('%s', async (_way, path, status) => {
        expect((await browser.post(path)).status).toBe(status);
        await browser.post('/start');
        expect((await browser.post('/increment')).text).toBe('1');
      });

      it('the first byte of a stream', async () => {
        const leaving = new AbortController();
        const stream = browser.get('/events', { signal: leaving.signal });
        stream.catch(() => undefined);
        await eventually(async () => expect(await stored()).toEqual({ n: 0, listened: true }));
        expect((await browser.clone().post('/increment')).text).toBe('1');
        leaving.abort();
      });

      it('a client that disconnects while its handler runs, whose later writes are dropped', async () => {
        const leaving = new AbortController();
        const left = browser.clone().post('/hold', undefined, { signal: leaving.signal });
        const { leave, session } = await stage.next();
        leaving.abort();
        await expect(left).rejects.toMatchObject(gone);
        expect((await browser.post('/increment')).text).toBe('1');
        await expect(session.save()).resolves.toBeUndefined();
        session.late = true;
        await expect(session.save()).rejects.toMatchObject({ code: 'SESSION_LOCK_LOST' });
        leave.resolve();
        expect((await browser.post('/increment')).text).toBe('2');
        expect(await stored()).toEqual({ n: 2 });
      });

      it('a client that disconnects while it waits: its handler is not called', async () => {
        const holding = browser.clone().post('/hold');
        const { leave } = await stage.next();
        const leaving = new AbortController();
        const left = browser.clone().post('/hold', undefined, { signal: leaving.signal });
        // The lock is freed after the server saw it wait and disconnect.
        await eventually(async () => expect(await connectionsOf(http!)).toBe(2));
        leaving.abort();
        await expect(left).rejects.toMatchObject(gone);
        await eventually(async () => expect(await connectionsOf(http!)).toBe(1));
        leave.resolve();
        await holding;
        expect((await browser.post('/increment')).text).toBe('1');
        expect(stage.count).toBe(1);
      });

      it('a client that disconnects while it waits: its place in the queue is free at once', async () => {
        await http!.close();
        await start({ lock: { maxWaiters: 1 } });
        const holding = browser.clone().post('/hold');
        const { leave } = await stage.next();
        const leaving = new AbortController();
        const left = [1, 2].map(() => browser.clone().post('/hold', undefined, { signal: leaving.signal }));
        // One of them waits then.
        expect((await Promise.race(left)).status).toBe(423);
        leaving.abort();
        await Promise.allSettled(left);
        await eventually(async () => expect(await connectionsOf(http!)).toBe(1));
        const asked = [1, 2].map(() => browser.clone().post('/increment'));
        expect((await Promise.race(asked)).status).toBe(423);
        leave.resolve();
        await holding;
        const statuses = (await Promise.all(asked)).map(({ status }) => status);
        expect(statuses.toSorted((one, other) => one - other)).toEqual([201, 423]);
        expect(stage.count).toBe(1);
      });

      it('a handler that never responds, when its client disconnects', async () => {
        const leaving = new AbortController();
        const silent = browser.clone().post('/silent', undefined, { signal: leaving.signal });
        const { leave } = await stage.next();
        leave.resolve();
        leaving.abort();
        await expect(silent).rejects.toMatchObject(gone);
        expect((await browser.post('/increment')).text).toBe('1');
      });
    });

    describe('while its handler runs', () => {
      it('the lease is renewed', async () => {
        const app = await start({ lock: { leaseInMilliseconds: 300 }, operationTimeoutInMilliseconds: 200 });
        const renewals = jest.spyOn(app.app.get<SessionStore>(SessionStore), 'renewLock');
        const holding = browser.post('/hold');
        const { leave } = await stage.next();
        const waiting = browser.clone().post('/increment');
        // Three renewals take a lease.
        await eventually(() => expect(renewals.mock.calls.length).toBeGreaterThanOrEqual(4), {
          within: 20_000,
        });
        expect(stage.count).toBe(1);
        leave.resolve();
        expect((await holding).status).toBe(201);
        expect((await waiting).status).toBe(201);
        expect(await stored()).toEqual({ n: 1, held: true });
      });

      it('the lock ends after maxHoldInMilliseconds, and what the handler writes then is refused', async () => {
        const lock = { leaseInMilliseconds: 300, maxHoldInMilliseconds: 400 };
        await start({ lock, operationTimeoutInMilliseconds: 200 });
        const hanging = browser.clone().post('/hold');
        const { leave } = await stage.next();
        expect((await browser.post('/increment')).text).toBe('1');
        leave.resolve();
        const refused = await hanging;
        expect(refused.status).toBe(409);
        expect(refused.text).toContain('lock.maxHoldInMilliseconds');
        expect(await stored()).toEqual({ n: 1 });
      });

      it('session.save() stores and keeps the lock', async () => {
        await start();
        const saving = browser.post('/saves');
        const { leave } = await stage.next();
        const waiting = browser.clone().post('/increment');
        expect(await stored()).toEqual({ n: 1 });
        leave.resolve();
        await saving;
        expect((await waiting).text).toBe('3');
      });
    });

    describe('after its response', () => {
      it('a handler that saves gets an error', async () => {
        await start();
        const holding = browser.post('/hold');
        const { leave, session } = await stage.next();
        leave.resolve();
        await holding;
        session.late = true;
        await expect(session.save()).rejects.toMatchObject({ code: 'SESSION_LOCK_LOST' });
        expect(await stored()).toEqual({ n: 0, held: true });
      });
    });

    describe('a read-only route', () => {
      it('answers 500 to a write, and writes nothing', async () => {
        await start();
        expect((await browser.post('/poke')).status).toBe(500);
        expect(await stored()).toEqual({ n: 0 });
      });
    });

    describe.each(['request', 'interceptor'] as const)('as the default, with hydrate "%s"', (hydrate) => {
      it('applies to every route without its own state', async () => {
        await start({ sessionState: 'exclusive', hydrate });
        await Promise.all(fifty.map(() => browser.clone().post('/plain-increment')));
        expect(await stored()).toEqual({ n: 50 });
      });
    });
  });
});

function connectionsOf({ app }: HttpApp): Promise<number> {
  const server = app.getHttpServer() as Server;
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
