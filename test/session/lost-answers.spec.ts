import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  SessionAnswerSentError,
  SessionConflictError,
  type SessionRepository,
  type SessionStore,
  SessionStoreUnavailableError,
} from 'nestjs-redis-session';
import { coreOf } from '../../lib/session/session-proxy.js';
import { eventually } from '../support/eventually.js';
import { found, repositoryOf, stores, type AnySession, type StoreUnderTest } from './session-fixture.js';

/** What happens to the next call of an operation: its reply is lost, or the call itself. */
type Loss = 'the answer is lost' | 'the request is lost' | 'the request is late' | 'it is refused';

/** A store behind a connection that loses what a test tells it to lose. */
function lossy(inner: SessionStore) {
  const losses = new Map<string, Loss>();
  const late: (() => Promise<unknown>)[] = [];
  let away = false;
  const store = new Proxy(inner, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        const loss = losses.get(String(name));
        if (loss === 'it is refused') throw gone(false);
        if (loss === 'the request is late')
          late.push(async () => Reflect.apply(method, target, args) as unknown);
        if (away || loss?.startsWith('the request')) throw gone();
        const answer = (await Reflect.apply(method, target, args)) as unknown;
        if (loss === 'the answer is lost') throw gone();
        return answer;
      };
    },
  });
  return {
    store,
    lose: (method: string, loss: Loss) => losses.set(method, loss),
    /** What was late arrives, in this order. */
    deliver: async (order: 'first to last' | 'last to first' = 'first to last') => {
      const requests = late.splice(0);
      for (const request of order === 'first to last' ? requests : requests.toReversed()) await request();
    },
    goAway: () => (away = true),
    comeBack: () => {
      away = false;
      losses.clear();
    },
  };
}

const gone = (outcomeUnknown = true) =>
  new SessionStoreUnavailableError('save', 1, new Error('connection lost'), outcomeUnknown);

/** @throws Error if the operation did not fail. */
async function failed(operation: Promise<unknown>): Promise<void> {
  const outcome = await operation.catch((error: unknown) => error);
  if (!(outcome instanceof SessionStoreUnavailableError)) throw new Error('It should have failed.');
}

describe.each(stores)('in the %s store', (_, open) => {
  let opened: StoreUnderTest;
  let line: ReturnType<typeof lossy>;
  let sessions: SessionRepository;

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());
  beforeEach(() => {
    line = lossy(opened.store);
    sessions = repositoryOf(line.store);
  });
  const inStore = async (id: string) => ({ ...(await found(sessions, id)) });

  describe.each<Loss>(['the answer is lost', 'the request is lost'])('when %s', (loss) => {
    describe('to the save of a new session', () => {
      let session: AnySession;
      beforeEach(async () => {
        session = sessions.create() as AnySession;
        Object.assign(session, { kept: 1, changed: 1, removed: 1 });
        line.lose('create', loss);
        await failed(session.save());
        line.comeBack();
      });

      it('the next save stores what was added, changed and removed since', async () => {
        Object.assign(session, { changed: 2, added: 2 });
        delete session.removed;
        session.idleTimeoutInSeconds = 4000;
        await session.save();
        const after = await found(sessions, session.id);
        expect({ ...after }).toEqual({ kept: 1, changed: 2, added: 2 });
        expect(after.idleTimeoutInSeconds).toBe(4000);
        const opener = sessions.credentialOf(session)!;
        expect((await sessions.findByCredential(opener))?.id).toBe(session.id);
      });

      it('a save of a session that was emptied meanwhile leaves an empty one', async () => {
        for (const name of Object.keys(session)) delete session[name];
        await session.save();
        expect(await inStore(session.id)).toEqual({});
      });

      it('its credential opens the session if it was stored', async () => {
        const opener = sessions.credentialOf(session)!;
        const same = await sessions.findByCredential(opener);
        expect(same?.id).toBe(loss === 'the answer is lost' ? session.id : undefined);
      });

      it('destroy() leaves no session', async () => {
        await session.destroy();
        expect(await sessions.find(session.id)).toBeUndefined();
      });
    });

    describe('to a rotation', () => {
      let session: AnySession;
      let old: string;
      beforeEach(async () => {
        const first = sessions.create() as AnySession;
        first.cart = ['tea'];
        await first.save();
        old = sessions.credentialOf(first)!;
        session = (await sessions.findByCredential(old)) as AnySession;
        session.user = 'ada';
        session.rotate();
        line.lose('save', loss);
        await failed(session.save());
      });

      it('the next save is no conflict, and stores everything', async () => {
        line.comeBack();
        session.more = 1;
        await session.save();
        expect(await inStore(session.id)).toEqual({ cart: ['tea'], user: 'ada', more: 1 });
        expect(await sessions.findByCredential(old)).toBeUndefined();
        expect((await sessions.findByCredential(sessions.credentialOf(session)!))?.id).toBe(session.id);
      });

      it('the new credential opens the session as soon as the store answers, and the old one never does', async () => {
        const credential = sessions.credentialOf(session)!;
        expect(credential).not.toBe(old);
        line.goAway();
        await expect(sessions.findByCredential(credential)).rejects.toBeInstanceOf(
          SessionStoreUnavailableError,
        );
        line.comeBack();
        expect((await sessions.findByCredential(credential))?.id).toBe(session.id);
        expect(await sessions.findByCredential(old)).toBeUndefined();
      });

      it('the rotation is repeated in the background, with only the secret', async () => {
        const { secretHash } = (await opened.store.load(session.id))!;
        line.goAway();
        await new Promise(setImmediate);
        line.comeBack();
        const elsewhere = repositoryOf(opened.store);
        await eventually(async () => {
          expect(await elsewhere.findByCredential(sessions.credentialOf(session)!)).toBeDefined();
        });
        const after = (await opened.store.load(session.id))!;
        expect(after.secretHash === secretHash).toBe(loss === 'the answer is lost');
        expect(after.attributes.has('user')).toBe(loss === 'the answer is lost');
      });

      it.each(['reload', 'touch', 'destroy'] as const)('%s() is no conflict with itself', async (verb) => {
        line.comeBack();
        await session[verb]();
        expect((await sessions.find(session.id))?.id).toBe(verb === 'destroy' ? undefined : session.id);
        expect(await sessions.findByCredential(old)).toBeUndefined();
      });

      it('another request that rotated first wins', async () => {
        if (loss === 'the answer is lost') return;
        const rival = (await repositoryOf(opened.store).findByCredential(old))!;
        rival.rotate();
        await rival.save();
        line.comeBack();
        await expect(session.save()).rejects.toBeInstanceOf(SessionConflictError);
        expect(sessions.credentialOf(session)).toBeUndefined();
      });
    });
  });

  describe('when the create of a session is late', () => {
    let session: AnySession;
    beforeEach(async () => {
      session = sessions.create() as AnySession;
      session.kept = 1;
      line.lose('create', 'the request is late');
      await failed(session.save());
    });
    const reopened = async () =>
      (await sessions.findByCredential(sessions.credentialOf(session)!)) as AnySession;

    it('and arrives after the logout, the credential of the client opens nothing', async () => {
      line.comeBack();
      await session.save();
      const same = await reopened();
      expect({ ...same }).toEqual({ kept: 1 });
      await same.destroy();
      await line.deliver();
      expect(await reopened()).toBeUndefined();
    });

    it.each(['first to last', 'last to first'] as const)(
      'and the next one, too, and both arrive after the logout (%s), the credential opens nothing',
      async (order) => {
        await failed(session.save());
        line.comeBack();
        await session.save();
        await (await reopened()).destroy();
        await line.deliver(order);
        expect(await reopened()).toBeUndefined();
      },
    );

    it('and arrives before the next save, that save stores the rest', async () => {
      await line.deliver();
      line.comeBack();
      session.more = 2;
      await session.save();
      expect({ ...(await reopened()) }).toEqual({ kept: 1, more: 2 });
    });

    it('and the next one that has arrived loses its answer, the third save stores the rest', async () => {
      line.lose('create', 'the answer is lost');
      await failed(session.save());
      line.comeBack();
      session.more = 2;
      await session.save();
      await line.deliver();
      const same = await reopened();
      expect({ ...same }).toEqual({ kept: 1, more: 2 });
      await same.destroy();
      await line.deliver();
      expect(await reopened()).toBeUndefined();
    });

    it('and the answer of the request has begun, reload() does not replace the credential that was sent', async () => {
      const sent = sessions.credentialOf(session);
      line.comeBack();
      coreOf(session).answerSent = true;
      await expect(session.reload()).rejects.toBeInstanceOf(SessionAnswerSentError);
      await line.deliver();
      expect(sessions.credentialOf(session)).toBe(sent);
      expect({ ...(await reopened()) }).toEqual({ kept: 1 });
    });

    it('and arrives after destroy(), there is no credential for it', async () => {
      line.comeBack();
      await session.destroy();
      expect(sessions.credentialOf(session)).toBeUndefined();
    });
  });

  it.each(['the answer is lost', 'the request is lost'] as const)(
    'if two rotations at once fail because %s, one of them wins, and the old credential opens nothing',
    async (loss) => {
      const first = sessions.create() as AnySession;
      first.cart = ['tea'];
      await first.save();
      const old = sessions.credentialOf(first)!;
      const lines = [lossy(opened.store), lossy(opened.store)];
      const rotated = lines.map(async ({ store, lose }) => {
        const process = repositoryOf(store);
        const session = (await process.findByCredential(old)) as AnySession;
        lose('save', loss);
        session.rotate();
        await failed(session.save());
        return process.credentialOf(session)!;
      });
      const credentials = await Promise.all(rotated);
      for (const { comeBack } of lines) comeBack();
      const elsewhere = repositoryOf(opened.store);
      const opening = (texts: string[]) => Promise.all(texts.map((text) => elsewhere.findByCredential(text)));
      await eventually(async () => expect((await opening(credentials)).filter(Boolean)).toHaveLength(1));
      expect(await opening([old])).toEqual([undefined]);
    },
  );

  it('a rotation that the store has refused leaves the old credential valid', async () => {
    const session = sessions.create() as AnySession;
    session.cart = ['tea'];
    await session.save();
    const old = sessions.credentialOf(session)!;
    const same = (await sessions.findByCredential(old)) as AnySession;
    line.lose('save', 'it is refused');
    same.rotate();
    await expect(same.save()).rejects.toMatchObject({ outcomeUnknown: false });
    expect(sessions.credentialOf(same)).toBeUndefined();
    expect((await sessions.findByCredential(old))?.id).toBe(same.id);
  });
});
