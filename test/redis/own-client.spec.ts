import { describe, expect, it } from '@jest/globals';
import { RedisSessionStore } from 'nestjs-redis-session';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { createdIn } from './redis-fixture.js';

describe.each([{}, { keyPrefix: 'mine:' }, { enableAutoPipelining: true }])(
  'a client of the application, with %o',
  (settings) => {
    it('reads the sessions that it has written', async () => {
      const server = await RedisServer.start();
      const store = new RedisSessionStore(server.client(settings), {
        applicationName: uniqueName(),
        operationTimeoutInMilliseconds: 1000,
        retryTimeoutInMilliseconds: 0,
      });
      const [one, other] = await Promise.all([
        createdIn(store, { a: '1', b: '2' }),
        createdIn(store, { toString: '3' }),
      ]);
      const loaded = await Promise.all([
        store.load(one.id),
        store.load('x'.repeat(22)),
        store.load(other.id),
      ]);
      expect(loaded).toMatchObject([
        { id: one.id, attributes: one.attributes },
        undefined,
        { id: other.id, attributes: other.attributes },
      ]);
      expect(await Promise.all([one, other].map(({ id }) => store.touch(id, 1_200_000, undefined)))).toEqual([
        true,
        true,
      ]);
      store.close();
      await server.stop();
    });
  },
);
