import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newSessionId } from '../../lib/session/session-credential.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { withConnection } from './redis-fixture.js';

describe('a connection to a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
  }, 30_000);
  afterAll(() => cluster?.stop());

  it('serves many requests at once from the start, whichever nodes have their sessions', async () => {
    for (let start = 0; start < 5; start++)
      // oxlint-disable-next-line no-await-in-loop -- one start after the other
      await withConnection({ cluster: { nodes: cluster.startupNodes } }, async ({ store }) => {
        const reads = Array.from({ length: 30 }, () => store.load(newSessionId()));
        expect((await Promise.allSettled(reads)).filter(({ status }) => status === 'rejected')).toEqual([]);
      });
  });
});
