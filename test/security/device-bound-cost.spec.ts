import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../http/http-app.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { type Bank, startBank } from './device-bound-app.js';

const COMMANDS = new Set('hgetall pexpire evalsha eval set get del hset hmget expire exists pttl'.split(' '));

describe.each(platforms)('what a bound session costs Redis, on %s', (platform) => {
  let server: RedisServer;
  let bank: Bank;
  beforeAll(async () => {
    server = await RedisServer.start();
    const { host, port } = server;
    bank = await startBank(platform, { mode: 'enforce' }, { options: { store: 'redis', host, port } });
    // From now on Redis has the scripts in its cache.
    await (await bank.device().bind('first')).refresh();
  });
  afterAll(async () => {
    await bank.close();
    await server.stop();
  });

  const commands = async () =>
    Object.fromEntries(Object.entries(await server.commandStats()).filter(([name]) => COMMANDS.has(name)));

  it('is nothing more for a request: HGETALL and PEXPIRE', async () => {
    const browser = await bank.device().bind();
    await server.resetStats();
    expect(await browser.me()).toMatchObject({ deviceBound: 'bound' });
    await eventually(async () => expect(await commands()).toMatchObject({ hgetall: 1 }));
    expect(Object.keys(await commands()).filter((name) => !['hgetall', 'pexpire'].includes(name))).toEqual(
      [],
    );
  });

  it('is a read and one script for a proof, and a thief costs one read', async () => {
    const browser = await bank.device().bind();
    const thief = browser.stolen();
    thief.setCookie(browser.cookie, 'lost');
    await server.resetStats();
    await thief.get('/me');
    expect(await commands()).toEqual({ hgetall: 1 });
    await server.resetStats();
    expect((await browser.refresh()).status).toBe(200);
    // The two requests of a refresh read the session; the second one writes.
    expect(await commands()).toEqual({ hgetall: 2, evalsha: 1, hmget: 1, hset: 1 });
  });
});
