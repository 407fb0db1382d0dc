import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { CounterController } from '../readme/exclusive.js';
import { eventually } from '../support/eventually.js';
import { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

describe.each(platforms)('the password of Redis changes under load, on %s', (platform) => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start({ acl: ['default off'] });
  });
  afterAll(() => server.stop());

  it('and no request fails', async () => {
    let user = '';
    const become = async (name: string): Promise<void> => {
      await server.admin.call(
        'ACL',
        'SETUSER',
        name,
        'reset',
        'on',
        '~*',
        '&*',
        '+@all',
        `>${name}-password`,
      );
      user = name;
    };
    await become('monday');
    const app = await startApp(platform, {
      controllers: [CounterController, ShopController],
      options: {
        store: 'redis',
        port: server.port,
        applicationName: uniqueName('tokens'),
        credentials: async () => ({
          username: user,
          password: `${user}-password`,
          expiresAt: Date.now() + 1500,
        }),
      },
    });
    const load = new AbortController();
    const statuses = new Map<number, number>();
    // Two requests of each session at once: one of them waits for the lock.
    const visit = async (browser: Browser): Promise<void> => {
      while (!load.signal.aborted) {
        // oxlint-disable-next-line no-await-in-loop -- one page after the other
        const answers = await Promise.all([
          browser.post('/visits'),
          browser.post('/visits'),
          browser.get('/session'),
        ]);
        for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const browsers = [app.browser(), app.browser(), app.browser()];
    await Promise.all(browsers.map((browser) => browser.post('/visits')));
    const visits = browsers.map(visit);
    for (const next of ['tuesday', 'wednesday']) {
      const old = user;
      // oxlint-disable-next-line no-await-in-loop -- one day after the other
      await become(next);
      await eventually(async () =>
        expect(String(await server.admin.call('CLIENT', 'LIST'))).not.toContain(`user=${old} `),
      );
      // Closes what is still open for this user.
      await server.admin.call('ACL', 'DELUSER', old);
      const before = statuses.get(201) ?? 0;
      await eventually(() => expect(statuses.get(201)).toBeGreaterThan(before + 20));
    }
    load.abort();
    await Promise.all(visits);
    await app.close();
    expect([...statuses.keys()].toSorted((a, b) => a - b)).toEqual([200, 201]);
  });
});
