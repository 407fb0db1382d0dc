import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisOptions } from 'ioredis';
import { RedisSessionStore } from 'nestjs-redis-session';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import type { SessionStoreHarness } from './contract-harness.js';

/** Two stores on a server of their own. */
export async function redisHarness(clientOptions: RedisOptions): Promise<SessionStoreHarness> {
  const server = await RedisServer.start();
  const storeOf = (applicationName: string) =>
    new RedisSessionStore(server.client(clientOptions), {
      applicationName,
      operationTimeoutInMilliseconds: 5000,
      retryTimeoutInMilliseconds: 0,
    });
  const [store, other] = [storeOf(uniqueName()), storeOf(uniqueName())];
  return {
    store,
    other,
    elapse: (milliseconds) => sleep(milliseconds),
    close: async () => {
      store.close();
      other.close();
      await server.stop();
    },
  };
}
