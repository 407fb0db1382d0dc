import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newSessionId } from '../../lib/session/session-credential.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { withConnection } from './redis-fixture.js';

describe('a connection to a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0, nodeTimeoutInMilliseconds: 15_000 });
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

  it('is open at once while a node is away, and serves the sessions of the others', async () => {
    const away = cluster.nodes[2]!;
    const ids = Array.from({ length: 30 }, () => newSessionId());
    const owners = await Promise.all(ids.map((id) => cluster.masterOf(`{shop_${id}}_Data`)));
    const served = ids.filter((_, place) => owners[place] !== away);
    // The others still take it for alive.
    await away.kill();
    const options = {
      applicationName: 'shop',
      cluster: { nodes: cluster.startupNodes.slice(0, 2) },
      // Longer than the test may take.
      connectionTimeoutInMilliseconds: 30_000,
    };
    for (let start = 0; start < 8; start++)
      // oxlint-disable-next-line no-await-in-loop -- one start after the other
      await withConnection(options, async ({ store, log }) => {
        expect(log).toEqual([]);
        const reads = served.map((id) => store.load(id));
        expect((await Promise.allSettled(reads)).filter(({ status }) => status === 'rejected')).toEqual([]);
      });
  });
});
