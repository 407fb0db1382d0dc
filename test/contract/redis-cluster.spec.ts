import { RedisSessionStore } from 'nestjs-redis-session';
import {
  sessionStoreContract,
  sessionStoreContractParts,
} from '../../lib/testing/contract/session-store-contract.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { uniqueName } from '../support/unique-name.js';

// An index and its sessions are in different slots.
sessionStoreContract({
  name: 'RedisSessionStore in a cluster, with an index',
  without: sessionStoreContractParts.filter((part) => part !== 'index'),
  create: async () => {
    const cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
    const storeOf = (applicationName: string) =>
      new RedisSessionStore(cluster.client(), {
        applicationName,
        operationTimeoutInMilliseconds: 5000,
        retryTimeoutInMilliseconds: 0,
      });
    const [store, other] = [storeOf(uniqueName()), storeOf(uniqueName())];
    return {
      store,
      other,
      close: async () => {
        store.close();
        other.close();
        await cluster.stop();
      },
    };
  },
});
