import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms, startApp } from '../http/http-app.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { Visitor, VisitController } from './visit-load.js';

describe('a master that writes only while a replica follows (min-replicas-to-write)', () => {
  let master: RedisServer;
  let replica: RedisServer;

  beforeAll(async () => {
    const quick = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
    const bound = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '1'];
    master = await RedisServer.start({ args: [...quick, ...bound] });
    replica = await RedisServer.start({ args: [...quick, '--replicaof', `${master.host} ${master.port}`] });
    await followed();
  });
  afterAll(async () => {
    await replica?.stop();
    await master?.stop();
  });

  const goodReplicas = async () =>
    Number(/min_slaves_good_slaves:(\d+)/.exec(await master.admin.info('replication'))?.[1]);
  const followed = () => eventually(async () => expect(await goodReplicas()).toBe(1), { within: 15_000 });
  const alone = () => eventually(async () => expect(await goodReplicas()).toBe(0), { within: 15_000 });

  describe.each(platforms)('on %s', (platform) => {
    it.each([
      { retryTimeoutInMilliseconds: 0, status: 503 },
      { retryTimeoutInMilliseconds: 15_000, status: 201 },
    ])(
      'answers $status with retries for $retryTimeoutInMilliseconds ms, and then the replica comes back',
      async ({ retryTimeoutInMilliseconds, status }) => {
        const options = { applicationName: uniqueName('min-replicas'), port: master.port };
        const app = await startApp(platform, {
          controllers: [VisitController],
          options: { store: 'redis', ...options, retryTimeoutInMilliseconds },
        });
        try {
          const browser = app.browser();
          const visitor = await new Visitor(browser).arrive();
          replica.freeze();
          await alone();
          const answer = browser.post('/visits');
          expect(await visitor.read()).toMatchObject({ visits: 0 });
          setTimeout(() => replica.thaw(), 300);
          expect((await answer).status).toBe(status);
          expect(await visitor.read()).toMatchObject({ visits: status === 201 ? 1 : 0 });
        } finally {
          replica.thaw();
          await followed();
          await app.close();
        }
      },
    );
  });
});
