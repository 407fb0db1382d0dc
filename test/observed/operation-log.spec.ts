import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';

describe.each(platforms)('logOperations on %s', (platform) => {
  let app: HttpApp;
  let server: RedisServer;
  let lines: string[];

  beforeEach(async () => {
    server = await RedisServer.start();
    lines = [];
    jest
      .spyOn(Logger.prototype, 'debug')
      .mockImplementation((line: unknown) => void lines.push(String(line)));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await app.close();
    await server.stop();
  });

  async function start(debugIsEnabled: boolean, logOperations = true): Promise<void> {
    const isEnabled = jest.spyOn(Logger, 'isLevelEnabled');
    isEnabled.mockImplementation((level) => level !== 'debug' || debugIsEnabled);
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { store: 'redis', port: server.port, applicationName: 'shop', logOperations },
    });
  }

  it('writes a line for each operation, with a shortened id', async () => {
    await start(true);
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    const [id, secret] = browser.cookie('sid')!.split('.') as [string, string];
    await browser.get('/session');
    await browser.post('/logout');
    const shown = lines.map((line) => line.replace(/[\d.]+ ms/, 'N ms').replace(id.slice(0, 8), 'ID'));
    expect(shown.filter((line) => !line.startsWith('touch'))).toEqual([
      'create ID… of shop: created in N ms 9 bytes commands 2 round trips 2',
      'load ID… of shop: found in N ms 9 bytes commands 1 round trips 1',
      'load ID… of shop: found in N ms 9 bytes commands 1 round trips 1',
      'destroy ID… of shop: destroyed (destroyed) in N ms commands 3 round trips 3',
    ]);
    expect(lines.join('\n')).not.toContain(id);
    expect(lines.join('\n')).not.toContain(secret);
  });

  it('names the error of an operation that failed', async () => {
    await start(true);
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    await server.kill();
    await browser.get('/session');
    await eventually(() => lines.some((line) => line.includes('load')));
    expect(lines.find((line) => line.includes('load'))).toMatch(
      /^load [\w-]{8}… of shop: SESSION_STORE_UNAVAILABLE in [\d.]+ ms/,
    );
  });

  it.each([
    ['the level hides such lines', false, true],
    ['the option is off', true, false],
  ])('observes nothing if %s', async (_why, debugIsEnabled, logOperations) => {
    await start(debugIsEnabled, logOperations);
    await app.browser().post('/session', { item: 'tea' });
    expect(lines).toEqual([]);
    expect((app.sessions as unknown as { store: object }).store.constructor.name).toBe('RedisSessionStore');
  });
});
