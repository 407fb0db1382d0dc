import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExclusiveController, PlainController, Stage } from '../http/exclusive-app.js';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

describe.each(platforms)('when Redis is away at the end of an exclusive request on %s', (platform) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let http: HttpApp;
  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
    http = await startApp(platform, {
      controllers: [PlainController, ExclusiveController],
      providers: [Stage],
      options: {
        store: 'redis',
        applicationName: 'a shop @ home',
        port: proxy.port,
        operationTimeoutInMilliseconds: 200,
        lock: { leaseInMilliseconds: 60_000, waitTimeoutInMilliseconds: 15_000 },
      },
    });
  });
  afterEach(async () => {
    await http.close();
    await proxy.stop();
    await server.stop();
  });

  it('the lock is released once Redis is back, long before its lease ends', async () => {
    const browser = http.browser();
    await eventually(async () => (await browser.post('/start')).status === 201);
    const holding = browser.clone().post('/hold');
    const { leave } = await http.app.get(Stage).next();
    await proxy.goAway('reset');
    leave.resolve();
    expect((await holding).status).toBe(503);
    await proxy.accept();
    await eventually(async () => expect((await browser.post('/increment')).text).toBe('1'));
  });
});
