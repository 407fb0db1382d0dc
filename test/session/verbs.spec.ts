import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionConflictError, SessionGoneError, type SessionRepository } from 'nestjs-redis-session';
import {
  found,
  repositoryOf,
  stored,
  stores,
  watch,
  type AnySession,
  type StoreUnderTest,
  type WatchedStore,
} from './session-fixture.js';

describe.each(stores)('in the %s store', (_, open) => {
  let opened: StoreUnderTest;
  let watched: WatchedStore;
  let sessions: SessionRepository;
  let session: AnySession;

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());
  beforeEach(async () => {
    watched = watch(opened.store);
    sessions = repositoryOf(watched.store);
    session = await found(sessions, await stored(sessions, { cart: ['tea'], visits: 1 }));
    watched.calls.length = 0;
  });
  const inStore = async () => ({ ...(await found(sessions, session.id)) });

  describe('session.save()', () => {
    it('stores the changes now', async () => {
      session.visits = 2;
      await session.save();
      expect(await inStore()).toEqual({ cart: ['tea'], visits: 2 });
    });

    it('rejects if the session was destroyed meanwhile, and does not restore it', async () => {
      await sessions.destroy(session.id);
      session.visits = 2;
      await expect(session.save()).rejects.toThrow(new SessionGoneError(session.id));
      expect(await sessions.find(session.id)).toBeUndefined();
      expect(() => (session.visits = 3)).toThrow(SessionGoneError);
    });
  });

  describe('session.reload()', () => {
    it('reads what other requests wrote and drops the changes of this one', async () => {
      const other = await found(sessions, session.id);
      Object.assign(other, { visits: 5, added: true });
      await other.save();
      session.cart.push('pot');
      session.own = 1;
      delete session.visits;
      session.idleTimeoutInSeconds = 7;
      session.rotate();
      await session.reload();
      expect({ ...session }).toEqual({ cart: ['tea'], visits: 5, added: true });
      expect(session.idleTimeoutInSeconds).toBe(1200);
      watched.calls.length = 0;
      await session.save();
      expect(watched.calls).toEqual([]);
    });

    it('rejects if the session does not exist any more', async () => {
      await sessions.destroy(session.id);
      await expect(session.reload()).rejects.toThrow(new SessionGoneError(session.id));
    });

    it('rejects for a session that was never stored', async () => {
      await expect(sessions.create().reload()).rejects.toBeInstanceOf(SessionGoneError);
      expect(watched.calls).toEqual([]);
    });
  });

  describe('session.touch()', () => {
    it('slides the idle timeout and writes nothing', async () => {
      session.visits = 2;
      session.idleTimeoutInSeconds = 300;
      await session.touch();
      expect(watched.calls).toEqual([
        {
          method: 'touch',
          args: [session.id, { defaultIdleTimeoutInMilliseconds: 1_200_000, background: false }],
        },
      ]);
      expect(await inStore()).toEqual({ cart: ['tea'], visits: 1 });
    });

    it('does nothing for a session that was never stored', async () => {
      await sessions.create().touch();
      expect(watched.calls).toEqual([]);
    });
  });

  describe('session.rotate()', () => {
    it('requests a new secret, which the next save generates: same id, same data', async () => {
      const { secretHash } = (await opened.store.load(session.id))!;
      session.rotate();
      expect(watched.calls).toEqual([]);
      await session.save();
      expect(watched.methods()).toEqual(['save']);
      const after = (await opened.store.load(session.id))!;
      expect(after.secretHash).not.toBe(secretHash);
      expect(after.attributes).toEqual(new Map([['cart', '["tea"]'], ['visits', '1']])); // prettier-ignore
    });

    it('rotates once, however often it was called', async () => {
      session.rotate();
      session.rotate();
      await session.save();
      await session.save();
      expect(watched.methods()).toEqual(['save']);
    });

    it('rejects if another request rotated first, and writes nothing', async () => {
      const rival = await found(sessions, session.id);
      rival.rotate();
      await rival.save();
      session.rotate();
      session.visits = 9;
      await expect(session.save()).rejects.toThrow(new SessionConflictError(session.id));
      expect(await inStore()).toEqual({ cart: ['tea'], visits: 1 });
    });

    it('does nothing to a new session, whose secret is new', async () => {
      const fresh = sessions.create();
      fresh.rotate();
      await fresh.save();
      await fresh.save();
      expect(watched.methods()).toEqual(['create']);
    });
  });

  describe('session.regenerate()', () => {
    it('returns a new session with a new id and no data, and destroys the old one', async () => {
      const next = (await session.regenerate()) as AnySession;
      expect(next.id).not.toBe(session.id);
      expect(next.isNew).toBe(true);
      expect({ ...next }).toEqual({});
      expect(await sessions.find(session.id)).toBeUndefined();
      next.user = 'ada';
      await next.save();
      expect({ ...(await found(sessions, next.id)) }).toEqual({ user: 'ada' });
    });

    it('keeps the data of the old object, which refuses writes', async () => {
      await session.regenerate();
      expect({ ...session }).toEqual({ cart: ['tea'], visits: 1 });
      expect(() => (session.visits = 2)).toThrow(SessionGoneError);
      await expect(session.save()).rejects.toBeInstanceOf(SessionGoneError);
      expect(await sessions.find(session.id)).toBeUndefined();
    });

    it('returns a new session after destroy(), too', async () => {
      await session.destroy();
      expect((await session.regenerate()).isNew).toBe(true);
    });
  });

  describe('session.destroy()', () => {
    it('removes the session', async () => {
      await session.destroy();
      expect(await opened.store.load(session.id)).toBeUndefined();
    });

    it('keeps the data of the object, which refuses every write', async () => {
      await session.destroy();
      expect({ ...session }).toEqual({ cart: ['tea'], visits: 1 });
      const gone = new SessionGoneError(session.id);
      expect(() => (session.visits = 2)).toThrow(gone);
      expect(() => delete session.visits).toThrow(gone);
      expect(() => Object.assign(session, { a: 1 })).toThrow(gone);
      expect(() => Object.defineProperty(session, 'a', { value: 1 })).toThrow(gone);
      expect(() => (session.idleTimeoutInSeconds = 5)).toThrow(gone);
      expect(() => session.rotate()).toThrow(gone);
      await expect(session.save()).rejects.toThrow(gone);
      await expect(session.reload()).rejects.toThrow(gone);
      await session.touch();
      expect(watched.calls).toEqual([{ method: 'destroy', args: [session.id, undefined, 'destroyed'] }]);
    });

    it('can be called twice, and on a session that is gone or was never stored', async () => {
      await session.destroy();
      await session.destroy();
      const fresh = sessions.create();
      await fresh.destroy();
      expect(fresh.isNew).toBe(false);
      expect(watched.methods()).toEqual(['destroy']);
    });

    it('wins over a request that loaded the session before', async () => {
      const late = await found(sessions, session.id);
      await session.destroy();
      late.cart.push('pot');
      await expect(late.save()).rejects.toBeInstanceOf(SessionGoneError);
      expect(await opened.store.load(session.id)).toBeUndefined();
    });
  });
});
