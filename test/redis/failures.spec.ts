import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { flushScripts } from '../support/faults.js';
import { RedisServer } from '../support/redis-server.js';
import { createdIn, failureOf, noChanges, withConnection } from './redis-fixture.js';

describe('what is behind a failure', () => {
  it('stands in the cause, without the arguments of the command: they hold keys and data', async () => {
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

describe('a script that the server has forgotten', () => {
  it('is sent again with its text, and costs no attempt', async () => {
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
