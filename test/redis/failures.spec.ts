import { afterAll, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { withoutArguments } from '../../lib/redis/redis-failure.js';
import { flushScripts } from '../support/faults.js';
import { freePort } from '../support/free-port.js';
import { RedisProcess } from '../support/redis-process.js';
import { RedisServer } from '../support/redis-server.js';
import { createdIn, failureOf, noChanges, withConnection } from './redis-fixture.js';

describe('the cause of an error', () => {
  it('has no command arguments, which contain keys and data', async () => {
    const server = await RedisServer.start({ acl: ['reader on >pw ~* &* +@all -evalsha -eval'] });
    const options = { port: server.port, username: 'reader', accessKey: 'pw', applicationName: 'TOP-SECRET' };
    await withConnection(options, async ({ store }) => {
      const session = { ...noChanges, attributes: new Map([['cart', 'TOP-SECRET']]) };
      const error = await failureOf(store.save('x'.repeat(22), session));
      expect(error.cause).toMatchObject({ name: 'ReplyError', message: expect.stringContaining('NOPERM') });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('TOP-SECRET');
    });
    await server.stop();
  });
});

const secret = 'TOP-SECRET'.padEnd(22, '-');

describe('a server that quotes the arguments of an unknown command', () => {
  const servers: RedisServer[] = [];
  const without = async (...commands: string[]) => {
    servers.push(
      await RedisServer.start({ args: commands.flatMap((name) => ['--rename-command', name, '']) }),
    );
    return servers.at(-1)!;
  };
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('does quote them', async () => {
    const server = await without('EVALSHA');
    await expect(server.client().call('EVALSHA', secret)).rejects.toThrow(
      `ERR unknown command 'EVALSHA', with args beginning with: '${secret}'`,
    );
  });

  it('does not leak the key, the hash and the data into errors and logs', async () => {
    const server = await without('EVALSHA', 'HGETALL', 'DEL', 'SET', 'PEXPIRE');
    await withConnection({ port: server.port, applicationName: secret }, async ({ store, log }) => {
      const session = { ...noChanges, attributes: new Map([['cart', secret]]) };
      const failures = await Promise.all([
        failureOf(store.create({ ...session, id: secret, secretHash: secret })),
        failureOf(store.load(secret)),
        failureOf(store.save(secret, session)),
        failureOf(store.touch(secret, noChanges)),
        failureOf(store.destroy(secret)),
        failureOf(
          store.loadExclusive(secret, { token: secret, leaseInMilliseconds: 1000, waitInMilliseconds: 0 }),
        ),
        failureOf(store.releaseLock(secret, secret)),
      ]);
      for (const failure of failures) {
        expect(failure.message).toMatch(/ERR unknown command '[A-Za-z]+', with args beginning with: …$/);
        expect(failure.cause).toMatchObject({ name: 'ReplyError' });
        expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(secret);
      }
      expect(log.join()).not.toContain(secret);
    });
  });

  it('does not leak the password into the log', async () => {
    const server = new RedisProcess(await freePort());
    const renamed = ['AUTH', 'HELLO'].flatMap((name) => ['--rename-command', name, '']);
    await server.start(['--port', String(server.port), '--dir', server.directory, '--save', '', ...renamed]);
    const options = { port: server.port, username: 'shop', accessKey: secret };
    await withConnection(options, async ({ store, log }) => {
      const failure = await failureOf(store.load('x'));
      expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(secret);
      expect(log).toEqual([expect.stringContaining('ERR unknown command')]);
      expect(log.join()).not.toContain(secret);
    });
    await server.kill();
    server.remove();
  });
});

describe('an error message of a client or a server', () => {
  const command = {
    name: 'evalsha',
    args: ['{shop_TOP-SECRET}_Data', ['TOP-SECRET'], 7, '', Buffer.from('TOP-SECRET')],
  };

  it.each([
    ["NOPERM no access to key '{shop_TOP-SECRET}_Data'", 'NOPERM no access to key …'],
    ['ERR bad value "TOP-SECRET" for `evalsha`', 'ERR bad value … for `evalsha`'],
    [
      'ERR unknown command `evalsha`, with args beginning with: `{shop_TOP-SECRET}_Data`, ',
      'ERR unknown command `evalsha`, with args beginning with: …',
    ],
    [
      'Command queue state error. If you can reproduce this, please report it. Last reply: TOP-SECRET',
      'Command queue state error. If you can reproduce this, please report it. Last reply: …',
    ],
    [
      "User shop has no permissions to run the 'evalsha' command",
      "User shop has no permissions to run the 'evalsha' command",
    ],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'connect ECONNREFUSED 127.0.0.1:6379'],
  ])('%s', (message, harmless) => {
    const inner = Object.assign(new Error(message), { command });
    const error = withoutArguments(
      Object.assign(new Error('all failed', { cause: inner }), { lastNodeError: inner }),
    );
    expect(inner.message).toBe(harmless);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('TOP-SECRET');
  });
});

describe('a script that is missing in the cache of the server', () => {
  it('is sent again with its text, without using up an attempt', async () => {
    const server = await RedisServer.start();
    await withConnection({ port: server.port }, async ({ store }) => {
      const { id } = await createdIn(store);
      await flushScripts(server);
      expect(await store.save(id, { ...noChanges, attributes: new Map([['a', '2']]) })).toBe('saved');
      await flushScripts(server);
      const saves = ['b', 'c', 'd'].map((name) =>
        store.save(id, { ...noChanges, attributes: new Map([[name, '1']]) }),
      );
      expect(await Promise.all(saves)).toEqual(['saved', 'saved', 'saved']);
      expect((await store.load(id))?.attributes.size).toBe(4);
      await flushScripts(server);
      expect(await store.destroy(id)).toBe(true);
    });
    await server.stop();
  });
});
