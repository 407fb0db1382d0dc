import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionConflictError, SessionGoneError, type SessionRepository } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import {
  found,
  stored,
  stores,
  type AnySession,
  type StoreUnderTest,
  type WatchedStore,
  watchedCart,
} from '../session/session-fixture.js';

const CREDENTIAL = /^[\w-]{22}\.[\w-]{43}$/;

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

  describe('create', () => {
    it('returns an empty session, which is not stored until it is saved', async () => {
      const fresh = sessions.create();
      expect({ ...fresh }).toEqual({});
      expect(sessions.credentialOf(fresh)).toBeUndefined();
      expect(watched.calls).toEqual([]);
      expect(await opened.store.load(fresh.id)).toBeUndefined();
    });
  });

  describe('find', () => {
    it('returns the session with an id and does not slide its expiry', async () => {
      const same = await found(sessions, session.id);
      expect({ ...same }).toEqual({ cart: ['tea'] });
      expect(watched.calls).toEqual([{ method: 'load', args: [session.id] }]);
    });

    it('returns undefined if no session has this id', async () => {
      expect(await sessions.find('A'.repeat(22))).toBeUndefined();
      expect(await sessions.find('')).toBeUndefined();
    });
  });

  describe('findByCredential', () => {
    it('returns the session of the credential and slides its expiry', async () => {
      const same = (await sessions.findByCredential(credential))!;
      expect(same.id).toBe(session.id);
      await eventually(() => expect(watched.calls.map(({ method }) => method)).toEqual(['load', 'touch']));
      expect(watched.calls[1]!.args).toEqual([
        session.id,
        { defaultIdleTimeoutInMilliseconds: 1_200_000, background: true },
      ]);
    });

    it('returns undefined for a wrong secret and does not slide the expiry', async () => {
      const [id] = credential.split('.');
      const flipped = credential.endsWith('A')
        ? `${credential.slice(0, -1)}E`
        : `${credential.slice(0, -1)}A`;
      const other = sessions.create();
      await sessions.save(other);
      watched.calls.length = 0;
      for (const wrong of [
        `${id}.${'A'.repeat(43)}`,
        flipped,
        `${id}.${sessions.credentialOf(other)!.split('.')[1]}`,
      ]) {
        expect(await sessions.findByCredential(wrong)).toBeUndefined();
      }
      await new Promise(setImmediate);
      expect(watched.calls.map(({ method }) => method)).toEqual(['load', 'load', 'load']);
    });

    it('does not ask the store about a malformed credential', async () => {
      const [id, secret] = credential.split('.');
      const rubbish = ['', '.', id!, secret!, `${id}.`, `.${secret}`, `${id}:${secret}`, `${credential}A`, ` ${credential}`, `${credential}\n`, credential.replace('.', '..'), 'A'.repeat(4096), `${'{'.repeat(22)}.${secret}`, 'toString', '\u0000'.repeat(66)]; // prettier-ignore
      for (const text of rubbish) expect(await sessions.findByCredential(text)).toBeUndefined();
      expect(watched.calls).toEqual([]);
    });

    it('returns undefined if the session was destroyed', async () => {
      await sessions.destroy(session);
      expect(await sessions.findByCredential(credential)).toBeUndefined();
    });
  });

  describe('save', () => {
    it('stores what changed', async () => {
      const same = await found(sessions, session.id);
      same.cart.push('pot');
      same.user = 'ada';
      await sessions.save(same);
      expect({ ...(await found(sessions, session.id)) }).toEqual({ cart: ['tea', 'pot'], user: 'ada' });
    });

    it('rejects if the session was destroyed meanwhile, and writes nothing', async () => {
      const same = await found(sessions, session.id);
      await sessions.destroy(session.id);
      same.user = 'ada';
      await expect(sessions.save(same)).rejects.toThrow(new SessionGoneError(session.id));
      expect(await opened.store.load(session.id)).toBeUndefined();
    });

    it('refuses a value that is not a session', () => {
      for (const thing of [{}, null, undefined, 'text', { id: session.id }]) {
        expect(() => sessions.save(thing as never)).toThrow(
          new TypeError('This is not a session of this package.'),
        );
      }
    });
  });

  describe('touch', () => {
    it('slides the expiry and writes no data', async () => {
      session.user = 'ada';
      await sessions.touch(session);
      expect(watched.calls.map(({ method }) => method)).toEqual(['touch']);
      expect({ ...(await found(sessions, session.id)) }).toEqual({ cart: ['tea'] });
    });
  });

  describe('rotate', () => {
    it('returns a new credential, revokes the old one, and keeps the data and the id', async () => {
      const same = await found(sessions, session.id);
      same.user = 'ada';
      const next = (await sessions.rotate(same))!;
      expect(next).toMatch(CREDENTIAL);
      expect(next.split('.')[0]).toBe(session.id);
      expect(watched.methods()).toEqual(['load', 'save']);
      expect(await sessions.findByCredential(credential)).toBeUndefined();
      expect({ ...(await sessions.findByCredential(next)) }).toEqual({ cart: ['tea'], user: 'ada' });
    });

    it('lets only one of two concurrent rotations succeed', async () => {
      const rivals = [await found(sessions, session.id), await found(sessions, session.id)];
      const outcomes = await Promise.allSettled(rivals.map((rival) => sessions.rotate(rival)));
      const winner = outcomes.find((outcome) => outcome.status === 'fulfilled')!;
      const loser = outcomes.find((outcome) => outcome.status === 'rejected')!;
      expect(loser.reason).toEqual(new SessionConflictError(session.id));
      expect((await sessions.findByCredential(winner.value!))?.id).toBe(session.id);
    });
  });

  describe('credentialOf', () => {
    it('returns the credential of a session that is new or rotated, otherwise undefined', async () => {
      expect(credential).toMatch(CREDENTIAL);
      const same = await found(sessions, session.id);
      expect(sessions.credentialOf(same)).toBeUndefined();
      same.rotate();
      expect(sessions.credentialOf(same)).toBeUndefined();
      await same.save();
      expect(sessions.credentialOf(same)).toMatch(CREDENTIAL);
      await same.destroy();
      expect(sessions.credentialOf(same)).toBeUndefined();
    });

    it('has a different secret for each session', async () => {
      const fresh = Array.from({ length: 50 }, () => sessions.create());
      await Promise.all(fresh.map((one) => sessions.save(one)));
      expect(new Set(fresh.map((one) => sessions.credentialOf(one)!.split('.')[1])).size).toBe(50);
    });
  });

  describe('destroy', () => {
    it('ends a session by its object or by its id', async () => {
      const second = await stored(sessions, { a: 1 });
      await sessions.destroy(session);
      await sessions.destroy(second);
      expect(await sessions.find(session.id)).toBeUndefined();
      expect(await sessions.find(second)).toBeUndefined();
    });

    it('resolves if the session does not exist', async () => {
      await expect(sessions.destroy('A'.repeat(22))).resolves.toBeUndefined();
    });
  });
});
