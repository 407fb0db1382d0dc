import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { RedisSessionModule, SessionStartError, type RedisSessionModuleOptions } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { platforms, startApp } from '../http/http-app.js';

/** The error of the start. */
async function start(options: RedisSessionModuleOptions): Promise<unknown> {
  @Module({ imports: [RedisSessionModule.forRoot({ failFast: true, ...options })] })
  class AppModule {}
  try {
    const app = await NestFactory.createApplicationContext(AppModule, {
      logger: false,
      abortOnError: false,
    });
    await app.close();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('an application with failFast', () => {
  let server: RedisServer;
  let nowhere: number;
  beforeAll(async () => {
    server = await RedisServer.start({ password: 'right' });
    nowhere = await freePort();
  });
  afterAll(() => server.stop());

  it('starts if Redis answers', async () => {
    expect(await start({ port: server.port, accessKey: 'right' })).toBe(undefined);
  });

  it('does not start without Redis, and says what to do', async () => {
    const error = await start({ port: nowhere });
    expect(error).toBeInstanceOf(SessionStartError);
    expect(error).toMatchObject({
      code: 'SESSION_START',
      message: expect.stringMatching(
        /does not start.*failFast is true: .*ECONNREFUSED.*\. Start Redis or correct the options/,
      ),
    });
  });

  it('says which option to correct', async () => {
    const error = await start({ port: server.port, accessKey: 'wrong' });
    expect((error as Error).message).toContain('Check accessKey and username.');
    expect((error as Error).message).not.toContain('wrong');
  });

  it('does not wait longer than connectionTimeoutInMilliseconds for a Redis that is silent', async () => {
    const proxy = await TcpProxy.start(server.port);
    proxy.freeze('toServer');
    const error = await start({
      port: proxy.port,
      accessKey: 'right',
      connectionTimeoutInMilliseconds: 100,
    });
    expect(error).toBeInstanceOf(SessionStartError);
    // The client does not try again, so the process can end.
    await proxy.reset();
    await eventually(() => expect(proxy.connections).toBe(0));
    await proxy.stop();
  });

  it.each(['cluster', 'sentinel'] as const)('does not start without its %s', async (kind) => {
    const node = { host: '127.0.0.1', port: nowhere };
    const options =
      kind === 'cluster' ? { cluster: { nodes: [node] } } : { sentinel: { name: 'x', sentinels: [node] } };
    expect(await start({ ...options, connectionTimeoutInMilliseconds: 1000 })).toBeInstanceOf(
      SessionStartError,
    );
  });

  describe('and a client of its own', () => {
    const settings = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, password: 'right' };

    it.each([true, false])(
      'starts if that is connected, or connects now (lazyConnect: %s)',
      async (lazyConnect) => {
        const client = new Redis({ ...settings, port: server.port, lazyConnect });
        expect(await start({ client })).toBe(undefined);
        expect(client.status).toBe('ready');
        client.disconnect();
      },
    );

    it('does not start if that is not, and leaves it open', async () => {
      const client = new Redis({ ...settings, port: nowhere, retryStrategy: () => 50 });
      client.on('error', () => undefined);
      const error = await start({ client, connectionTimeoutInMilliseconds: 200 });
      expect((error as Error).message).toContain('the client of the option "client" is not connected');
      expect(client.status).not.toBe('end');
      client.disconnect();
    });
  });
});

describe.each(platforms)('an application without failFast, on %s', (platform) => {
  it('starts without Redis', async () => {
    const app = await startApp(platform, { options: { store: 'redis', port: await freePort() } });
    expect((await app.browser().get('/nowhere')).status).toBe(404);
    await app.close();
  });

  it('does not start with it', async () => {
    const options = { store: 'redis' as const, port: await freePort(), failFast: true };
    await expect(startApp(platform, { options })).rejects.toBeInstanceOf(SessionStartError);
  });
});
