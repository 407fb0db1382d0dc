import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type SessionRepository, SessionStoreUnavailableError } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import {
  found,
  repositoryOf,
  stores,
  type AnySession,
  type StoreUnderTest,
  type WatchedStore,
  watchedCart,
} from '../session/session-fixture.js';

const away = new SessionStoreUnavailableError('load', 1, new Error('away'));

describe.each(stores)('the sessions of the repository, in the %s store', (_, open) => {
  let opened: StoreUnderTest;
  let watched: WatchedStore;
  let sessions: SessionRepository;
  let session: AnySession;
  let credential: string;

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());
  beforeEach(async () => {
    ({ watched, sessions, session, credential } = await watchedCart(opened.store));
  });

  describe('while the store cannot answer', () => {
    beforeEach(() => {
      watched.before = () => {
        throw away;
      };
    });
    const operations: [string, (repository: SessionRepository) => Promise<unknown>][] = [
      ['find', (repository) => repository.find(session.id)],
      ['findByCredential', (repository) => repository.findByCredential(credential)],
      ['save', (repository) => repository.save(session)],
      ['touch', (repository) => repository.touch(session)],
      ['rotate', (repository) => repository.rotate(session)],
    ];
    const endings: typeof operations = [
      ['destroy a session', (repository) => repository.destroy(session)],
      ['destroy an id', (repository) => repository.destroy(session.id)],
      ['regenerate', () => session.regenerate()],
    ];

    it.each([...operations, ...endings])(
      'with throwOnError, rejects and sets lastException: %s',
      async (_name, operate) => {
        session.user = 'ada';
        expect(sessions.lastException).toBeUndefined();
        await expect(operate(sessions)).rejects.toBe(away);
        expect(sessions.lastException).toBe(away);
      },
    );

    it.each(operations)(
      'without throwOnError, resolves to undefined and sets lastException: %s',
      async (_name, operate) => {
        const quiet = repositoryOf(watched.store, { throwOnError: false });
        session.user = 'ada';
        expect(await operate(quiet)).toBeUndefined();
        expect(quiet.lastException).toBe(away);
      },
    );

    it.each(endings)('without throwOnError, rejects if a logout did not happen: %s', async (_name, end) => {
      const quiet = repositoryOf(watched.store, { throwOnError: false });
      watched.before = () => undefined;
      session = await found(quiet, session.id);
      watched.before = () => {
        throw away;
      };
      await expect(end(quiet)).rejects.toBe(away);
      expect(quiet.lastException).toBe(away);
      watched.before = () => undefined;
      expect({ ...(await found(quiet, session.id)) }).toEqual({ cart: ['tea'] });
    });

    it('throws errors of the application even without throwOnError, and does not set lastException', async () => {
      const quiet = repositoryOf(watched.store, { throwOnError: false });
      const fresh = quiet.create<{ at: Date }>();
      fresh.at = new Date();
      await expect(quiet.save(fresh)).rejects.toThrow('session.at is an instance of Date');
      expect(quiet.lastException).toBeUndefined();
    });

    it('resolves if only the touch fails, and sets lastException', async () => {
      watched.before = (method) => {
        if (method === 'touch') throw away;
      };
      const same = (await sessions.findByCredential(credential))!;
      expect({ ...same }).toEqual({ cart: ['tea'] });
      await eventually(() => expect(same.lastException).toBe(away));
      expect(sessions.lastException).toBe(away);
    });

    it('the session keeps its changes and stores them when the store is back', async () => {
      session.user = 'ada';
      await expect(session.save()).rejects.toBe(away);
      watched.before = () => undefined;
      await session.save();
      expect({ ...(await found(sessions, session.id)) }).toEqual({ cart: ['tea'], user: 'ada' });
    });
  });
});
