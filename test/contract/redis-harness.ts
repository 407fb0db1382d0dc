import type { RedisOptions } from 'ioredis';
import { RedisSessionStore } from 'nestjs-redis-session';
import type { SessionStoreHarness } from 'nestjs-redis-session/testing';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

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
    close: async () => {
      store.close();
      other.close();
      await server.stop();
    },
  };
}
