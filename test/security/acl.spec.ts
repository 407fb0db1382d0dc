import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { expressSession, type RedisSessionModuleOptions } from 'nestjs-redis-session';
import { newSessionId } from '../../lib/session/session-credential.js';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { OldShop } from '../integrations/old-shop.js';
import { CounterController } from '../readme/exclusive.js';
import { NewsController } from '../readme/polling.js';
import { ChildProgram } from '../support/child-program.js';
import { eventually } from '../support/eventually.js';
import { Browser } from '../support/http-browser.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import { allow, commandsIn, refusals, rulesFor, user, type Use } from './acl-user.js';

const always = { store: 'redis', applicationName: 'shop', ...user } as const;
const USERS: Use = '`session.user`';
const RETRIES: Use = 'retries, or `client`';
const ending = { absoluteTimeoutInSeconds: 3600 };
const busy = { ...ending, retryTimeoutInMilliseconds: 1000 };

/** Everything that sessions do without a lock. */
async function visit(browser: Browser): Promise<void> {
  await browser.post('/session', { item: 'tea', idleTimeoutInSeconds: 1800 });
  await browser.post('/login', { user: 'ada' });
  await browser.delete('/session/item');
  await browser.post('/session', { idleTimeoutInSeconds: 3600 });
  expect((await browser.get('/session')).json()).toMatchObject({ attributes: { user: 'ada' } });
  await browser.post('/regenerate?item=coffee');
  expect((await browser.get('/session')).json()).toMatchObject({ attributes: { item: 'coffee' } });
  expect((await browser.post('/logout')).status).toBe(201);
}

const controllers = [CounterController, NewsController, ShopController];

describe.each(platforms)('the documented ACL user, on %s', (platform) => {
  let server: RedisServer;
  let old: OldShop | undefined;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(async () => {
    await old?.close();
    await server.stop();
  });

  async function run(
    uses: Use[],
    options: RedisSessionModuleOptions,
    visits: (app: HttpApp) => Promise<void>,
  ): Promise<string[]> {
    await allow(server, rulesFor(...uses));
    const app = await startApp(platform, {
      controllers,
      options: { ...always, port: server.port, ...options },
    });
    await server.resetStats();
    await visits(app).finally(() => app.close());
    return refusals(server);
  }

  it('has the permissions for sessions', async () => {
    expect(await run(['sessions', USERS], {}, (app) => visit(app.browser()))).toEqual([]);
  });

  it('has the permissions with an absolute timeout and retries', async () => {
    expect(await run(['sessions', USERS, RETRIES], busy, (app) => visit(app.browser()))).toEqual([]);
  });

  it('has no unused permission for sessions', async () => {
    await run(['sessions', USERS], ending, async (app) => {
      await server.admin.script('FLUSH');
      await visit(app.browser());
    });
    const sent = await server.commandStats();
    // Sent at the start of a connection.
    expect(commandsIn(rulesFor('sessions')).filter((command) => !(command in sent))).toEqual(['info']);
  });

  it('has the permissions to find and end the sessions of a user, and no others', async () => {
    const refused = await run(['sessions', USERS], {}, async (app) => {
      await server.admin.script('FLUSH');
      const browser = app.browser();
      await browser.post('/login', { user: 'ada' });
      await server.admin.zadd('{shop_ada}_Sessions', '1', 'expired');
      await app.browser().post('/login', { user: 'ada' });
      expect(await app.sessions.findByUser('ada')).toHaveLength(2);
      expect(await app.sessions.destroyByUser('ada')).toBe(2);
    });
    expect(refused).toEqual([]);
    const sent = await server.commandStats();
    expect(commandsIn(rulesFor(USERS)).filter((command) => !(command in sent))).toEqual([]);
  });

  it('has the permissions to limit the sessions of a user', async () => {
    const options = { maxSessionsPerUser: 2 };
    const refused = await run(['sessions', USERS, '`maxSessionsPerUser`'], options, async (app) => {
      const visitors = Array.from({ length: 10 }, () => app.browser());
      const other = await startApp(platform, {
        controllers,
        options: { ...always, port: server.port, ...options },
      });
      visitors.push(...Array.from({ length: 10 }, () => other.browser()));
      const answers = await Promise.all(visitors.map((visitor) => visitor.post('/login', { user: 'ada' })));
      await other.close();
      expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
      expect(await app.sessions.destroyByUser('ada')).toBe(2);
    });
    expect(refused).toEqual([]);
  });

  it('has the permissions to end all sessions', async () => {
    const refused = await run(['sessions', USERS, '`destroyAll()`, the command line'], {}, async (app) => {
      await app.browser().post('/login', { user: 'ada' });
      expect(await app.sessions.destroyAll()).toBe(1);
    });
    expect(refused).toEqual([]);
  });

  it('has the permissions for events, and no others', async () => {
    const expired: string[] = [];
    const options: RedisSessionModuleOptions = {
      events: ({ name, id }) => name === 'session.expired' && expired.push(id),
      listedAttributes: ['item'],
    };
    const refused = await run(['sessions', '`events`'], options, async (app) => {
      const browser = app.browser();
      await browser.post('/session', { item: 'tea' });
      await browser.delete('/session/item');
      await browser.post('/logout');
      const [left, used] = [app.browser(), app.browser()];
      await used.post('/session', { item: 'tea' });
      const { id } = (await left.post('/session', { item: 'tea', idleTimeoutInSeconds: 1 })).json() as {
        id: string;
      };
      const { id: alive } = (await used.get('/session')).json() as { id: string };
      const sets = await server.admin.keys('{shop_?}_Expiries');
      // As if its idle timeout was over.
      await Promise.all(sets.map((set) => server.admin.zadd(set, 'XX', '1', alive)));
      await eventually(() => expect(expired).toEqual([id]), { within: 20_000 });
    });
    expect(refused).toEqual([]);
    const sent = await server.commandStats();
    expect(commandsIn(rulesFor('`events`')).filter((command) => !(command in sent))).toEqual([]);
  });

  it('has the permissions for exclusive routes', async () => {
    const refused = await run(['sessions', USERS, '`exclusive` routes', RETRIES], busy, async (app) => {
      const browser = app.browser();
      await browser.post('/visits');
      await Promise.all(Array.from({ length: 10 }, () => browser.post('/visits')));
      expect((await browser.post('/visits')).json()).toEqual({ visits: 12 });
    });
    expect(refused).toEqual([]);
  });

  it('has the permissions for routes that do not touch the session', async () => {
    const refused = await run(['sessions', '`touch: false`'], {}, async (app) => {
      const browser = app.browser();
      await browser.post('/session', { item: 'tea' });
      expect((await browser.get('/news')).json()).toMatchObject({ expiresAt: expect.any(String) });
    });
    expect(refused).toEqual([]);
  });

  it('has the permissions for databaseId', async () => {
    const refused = await run(['sessions', USERS, '`databaseId`'], { databaseId: 3 }, (app) =>
      visit(app.browser()),
    );
    expect(refused).toEqual([]);
  });

  it('has the permissions to migrate sessions of express-session', async () => {
    old = await OldShop.start(server.url, {});
    const cookie = await old.visit({ item: 'tea' });
    const migrateFrom = expressSession({ secret: 'keyboard cat' });
    const refused = await run(['sessions', USERS, '`migrateFrom`'], { migrateFrom }, async (app) => {
      const browser = app.browser();
      browser.setCookie('connect.sid', cookie);
      expect((await browser.get('/session')).json()).toMatchObject({ attributes: { item: 'tea' } });
      expect(browser.cookie('connect.sid')).toBeUndefined();
      await visit(browser);
    });
    expect(refused).toEqual([]);
  });
});

describe('the documented ACL user, in a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 2, replicas: 2 });
  });
  afterAll(() => cluster.stop());

  it.each(platforms)('has the permissions, also during a slot migration, on %s', async (platform) => {
    const rules = rulesFor('sessions', USERS, '`exclusive` routes', RETRIES, 'a Cluster');
    await Promise.all(cluster.nodes.map((node) => allow(node, rules)));
    const app = await startApp(platform, {
      controllers,
      options: { ...always, ...busy, cluster: { nodes: cluster.startupNodes } },
    });
    await visit(app.browser());
    const browser = app.browser();
    const { id } = (await browser.post('/session', { item: 'tea' })).json() as { id: string };
    const slot = await cluster.slotOf(`{shop_${id}}_Data`);
    const migration = await cluster.beginMigration(
      slot,
      await cluster.otherMaster(await cluster.masterOf(slot)),
    );
    await migration.moveKeys();
    expect((await browser.get('/session')).json()).toMatchObject({ attributes: { item: 'tea' } });
    await migration.finish();
    await Promise.all(Array.from({ length: 5 }, () => browser.post('/visits')));
    expect((await browser.post('/visits')).json()).toEqual({ visits: 6 });
    await app.close();
    expect(await Promise.all(cluster.nodes.map(refusals))).toEqual(cluster.nodes.map(() => []));
  });
});

describe('the documented ACL user, with exclusive routes in two processes', () => {
  it('has the permissions to notify waiters', async () => {
    const server = await RedisServer.start();
    const program = new ChildProgram();
    await allow(server, rulesFor('sessions', '`exclusive` routes'));
    process.env['REDIS_SESSION_USERNAME'] = user.username;
    process.env['REDIS_SESSION_ACCESS_KEY'] = user.accessKey;
    const children: ChildProcess[] = [];
    try {
      const start = async (): Promise<string> => {
        const child = program.start('test/scenarios/counter-program.ts', String(server.port), 'shop');
        children.push(child);
        return ((await once(child, 'message')) as [string])[0];
      };
      const urls = await Promise.all([start(), start()]);
      const browser = new Browser(urls[0]);
      await browser.post('/start');
      const visitor = (url: string): Browser => {
        const other = new Browser(url);
        other.setCookie('sid', browser.cookie('sid')!);
        return other;
      };
      const entered = once(children[0]!, 'message');
      const held = visitor(urls[0]).post('/hold');
      await entered;
      const waiting = Promise.all(Array.from({ length: 5 }, () => visitor(urls[1]).post('/increment')));
      // A waiter appends itself to the queue in Redis.
      await eventually(async () => expect((await server.commandStats())['append']).toBeGreaterThan(0));
      children[0]!.send('leave');
      expect((await held).status).toBe(201);
      const counts = (await waiting).map(({ text }) => Number(text)).toSorted((x, y) => x - y);
      expect(counts).toEqual([1, 2, 3, 4, 5]);
      expect(await refusals(server)).toEqual([]);
      const sent = await server.commandStats();
      expect(commandsIn(rulesFor('`exclusive` routes')).filter((command) => !(command in sent))).toEqual([
        // Sent on a connection that has been silent for a while.
        'ping',
      ]);
    } finally {
      delete process.env['REDIS_SESSION_USERNAME'];
      delete process.env['REDIS_SESSION_ACCESS_KEY'];
      for (const child of children) child.kill('SIGKILL');
      program.remove();
      await server.stop();
    }
  });
});

describe('an attacker who has the password of the ACL user', () => {
  let server: RedisServer;
  const uses: Use[] = ['sessions', '`exclusive` routes', 'a Cluster', '`databaseId`'];
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => allow(server, rulesFor(...uses)));

  const id = newSessionId();
  const refused: string[][] = [
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['CLIENT', 'PAUSE', '1'],
    ['CLIENT', 'LIST'],
    ['CLIENT', 'NO-EVICT', 'on'],
    ['CONFIG', 'GET', '*'],
    ['ACL', 'LIST'],
    ['SCRIPT', 'FLUSH'],
    ['SCRIPT', 'LOAD', 'return 1'],
    ['SCRIPT', 'KILL'],
    ['FUNCTION', 'LIST'],
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['SWAPDB', '0', '1'],
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['RANDOMKEY'],
    ['DBSIZE'],
    ['MONITOR'],
    ['SHUTDOWN', 'NOSAVE'],
    ['CLUSTER', 'RESET'],
    ['CLUSTER', 'FAILOVER'],
    ['REPLICAOF', 'NO', 'ONE'],
    ['DUMP', `{shop_${id}}_Data`],
    ['RENAME', `{shop_${id}}_Data`, 'x'],
    ['PERSIST', `{shop_${id}}_Data`],
    ['HGETALL', `{shop_admin_${id}}_Data`],
    ['HGETALL', `{shop2_${id}}_Data`],
    ['HGETALL', `{shop_${id}x}_Data`],
    ['GET', `sess:${id}`],
    ['EVAL', 'return redis.call("HGETALL", ARGV[1])', '0', `{shop_admin_${id}}_Data`],
    ['EVAL', 'return redis.call("KEYS", "*")', '0'],
    ['SUBSCRIBE', '{shop_admin_AAAAAAAAAAA}_Turns'],
    ['SUBSCRIBE', '__keyevent@0__:expired'],
    ['PSUBSCRIBE', '*'],
    ['PUBLISH', 'news', 'x'],
  ];

  it.each(refused.map((command) => [command.join(' '), command] as const))(
    'is refused %s',
    async (_text, [name, ...args]) => {
      const client = server.client({ username: user.username, password: user.accessKey });
      await expect(client.call(name!, ...args)).rejects.toThrow(
        /NOPERM|can't run this command|No permissions|can't access/i,
      );
      client.disconnect();
    },
  );
});
