import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisServer, type RedisServerOptions } from '../support/redis-server.js';

let server: RedisServer;

async function start(options?: RedisServerOptions) {
  server = await RedisServer.start(options);
  return server;
}

afterEach(() => server?.stop());

describe('a redis-server for a test', () => {
  it('answers as soon as it is started', async () => {
    const redis = (await start()).client();
    await redis.set('key', 'value');
    expect(await redis.get('key')).toBe('value');
  });

  it('accepts arguments', async () => {
    const redis = (await start({ args: ['--hash-max-listpack-value', '512'] })).client();
    expect(await redis.config('GET', 'hash-max-listpack-value')).toEqual(['hash-max-listpack-value', '512']);
  });

  it('requires its password', async () => {
    await start({ password: 'open sesame' });
    expect(await server.client().ping()).toBe('PONG');
    await expect(server.client({ password: undefined, enableReadyCheck: false }).ping()).rejects.toThrow(
      'NOAUTH',
    );
    expect(server.url).toBe(`redis://:open%20sesame@127.0.0.1:${server.port}`);
  });

  it('has users with permissions', async () => {
    await start({ acl: ['shop on >secret ~shop:* +@all', 'default off'] });
    const shop = server.client({ username: 'shop', password: 'secret' });
    expect(await shop.set('shop:1', 'x')).toBe('OK');
    await expect(shop.set('other', 'x')).rejects.toThrow('NOPERM');
    expect(await server.admin.get('shop:1')).toBe('x');
  });

  it('speaks TLS, with a certificate that clients verify', async () => {
    await start({ tls: true });
    expect(await server.client().ping()).toBe('PONG');
    const stranger = server.client({ tls: {}, retryStrategy: () => null });
    await expect(stranger.ping()).rejects.toThrow('Connection is closed');
    expect(server.url).toMatch(/^rediss:/);
  });

  it('does not reply while it is frozen', async () => {
    const redis = (await start()).client();
    await redis.set('key', 'value');
    server.freeze();
    const answer = redis.get('key');
    expect(await Promise.race([answer, new Promise((later) => setTimeout(later, 100, 'silence'))])).toBe(
      'silence',
    );
    server.thaw();
    expect(await answer).toBe('value');
  });

  it('restarts empty on the same port after a kill', async () => {
    const redis = (await start()).client({ retryStrategy: () => 20 });
    await redis.set('key', 'value');
    await server.kill();
    await expect(server.client({ retryStrategy: () => null }).ping()).rejects.toThrow('Connection is closed');
    await server.restart();
    await eventually(async () => expect(await redis.get('key')).toBeNull());
  });

  it('restarts with its data if it persists them', async () => {
    await start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    await server.client().set('key', 'value');
    await server.restart();
    expect(await server.client().get('key')).toBe('value');
  });

  it('counts commands, without those of the harness', async () => {
    const redis = (await start()).client();
    await redis.ping();
    await server.resetStats();
    expect(await server.commandStats()).toEqual({});
    await redis.set('key', 'value');
    await redis.get('key');
    await redis.get('key');
    expect(await server.commandStats()).toEqual({ set: 1, get: 2 });
    await redis.info();
    expect(await server.commandStats()).toEqual({ set: 1, get: 2, info: 1 });
  });

  it('counts bytes that clients send', async () => {
    const redis = (await start()).client();
    await redis.ping();
    const before = await server.netInputBytes();
    await redis.set('key', 'x'.repeat(1_000));
    const sent = (await server.netInputBytes()) - before;
    expect(sent).toBeGreaterThan(1_000);
    expect(sent).toBeLessThan(1_100);
  });

  it('reports the reason if it cannot start', async () => {
    await expect(start({ args: ['--no-such-setting', '1'] })).rejects.toThrow(/no-such-setting/);
  });
});
