import { describe, expect, it } from '@jest/globals';
import { InMemorySessionStore } from 'nestjs-redis-session';
import { repositoryOf, type AnySession } from '../session/session-fixture.js';

const HOUR = 3600;

// The session is an hour old and was created without an absolute timeout.
async function hourOld() {
  const store = new InMemorySessionStore({ now: () => Date.now() - HOUR * 1000 });
  const before = repositoryOf(store, { idleTimeoutInSeconds: 2 * HOUR });
  const session = before.create() as AnySession;
  session.cart = ['tea'];
  await session.save();
  return { store, session, credential: before.credentialOf(session)! };
}

describe('an absolute timeout that is enabled later', () => {
  it.each([
    [HOUR / 2, false],
    [2 * HOUR, true],
  ])('of %d seconds finds a session that is an hour old: %p', async (absoluteTimeoutInSeconds, finds) => {
    const { store, session, credential } = await hourOld();
    const sessions = repositoryOf(store, { absoluteTimeoutInSeconds });
    expect((await sessions.find(session.id)) !== undefined).toBe(finds);
    expect((await sessions.findByCredential(credential)) !== undefined).toBe(finds);
    store.close();
  });
});
