import { expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionStoreUnavailableError } from 'nestjs-redis-session';
import { repositoryOf } from '../session/session-fixture.js';

it('sessions.ping() resolves if the store answers, and rejects if it cannot, whatever throwOnError says', async () => {
  const store = new InMemorySessionStore();
  const sessions = repositoryOf(store, { throwOnError: false });
  await expect(sessions.ping()).resolves.toBeUndefined();
  store.load = () => Promise.reject(new SessionStoreUnavailableError('load', 1, new Error('away')));
  await expect(sessions.ping()).rejects.toBeInstanceOf(SessionStoreUnavailableError);
});
