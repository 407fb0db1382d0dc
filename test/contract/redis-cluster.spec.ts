import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { RedisSessionStore } from 'nestjs-redis-session';
import { RedisCluster } from '../support/redis-cluster.js';
import { uniqueName } from '../support/unique-name.js';
import type { SessionStoreHarness } from './contract-harness.js';
import { describeIndexLocks } from './index-locks.contract.js';
import { describeIndex } from './index.contract.js';

// An index and its sessions are in different slots.
describe('RedisSessionStore in a cluster, as a store with an index', () => {
  let cluster: RedisCluster;
  let harness: SessionStoreHarness;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
    const storeOf = (applicationName: string) =>
      new RedisSessionStore(cluster.client(), {
        applicationName,
        operationTimeoutInMilliseconds: 5000,
        retryTimeoutInMilliseconds: 0,
      });
    const [store, other] = [storeOf(uniqueName()), storeOf(uniqueName())];
    harness = {
      store,
      other,
      elapse: (milliseconds) => sleep(milliseconds),
      close: async () => [store, other].forEach((each) => each.close()),
    };
  });
  afterAll(async () => {
    await harness?.close();
    await cluster?.stop();
  });

  describeIndex(() => harness);
  describeIndexLocks(() => harness);
});
