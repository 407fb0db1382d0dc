import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RedisSessionModuleOptions } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { dump } from './redis-dump.js';

describe.each(platforms)('the sessions of a user with encryption, on %s', (platform) => {
  let server: RedisServer;
  const apps: HttpApp[] = [];
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });
  afterAll(() => server.stop());

  async function start(applicationName: string, options: RedisSessionModuleOptions = {}): Promise<HttpApp> {
    const always = {
      store: 'redis',
      port: server.port,
      applicationName,
      listedAttributes: ['item'],
    } as const;
    const app = await startApp(platform, {
      controllers: [ShopController],
      options: { ...always, ...options },
    });
    apps.push(app);
    return app;
  }
  const encryption = { keys: [randomBytes(32)] };

  it('are found and ended, while someone who copies Redis cannot read whose they are', async () => {
    const app = await start(uniqueName('users'), { encryption });
    await app.browser().post('/session', { user: 'ada lovelace', item: 'earl grey' });
    const listed = await app.sessions.findByUser('ada lovelace');
    expect(listed.map(({ attributes }) => attributes)).toEqual([{ item: 'earl grey' }]);
    const everything = await dump(server.admin);
    expect(everything).not.toContain('ada');
    expect(everything).not.toContain('earl');
    expect(await app.sessions.destroyByUser('ada lovelace')).toBe(1);
    expect(await app.sessions.findByUser('ada lovelace')).toEqual([]);
  });

  it('are found and ended if they were stored before it was turned on', async () => {
    const name = uniqueName('users');
    const before = await start(name);
    await before.browser().post('/session', { user: '42' });
    const app = await start(name, { encryption: { ...encryption, acceptPlainText: true } });
    await app.browser().post('/session', { user: '42' });
    expect(await app.sessions.findByUser('42')).toHaveLength(2);
    expect(await app.sessions.destroyByUser('42')).toBe(2);
  });
});
