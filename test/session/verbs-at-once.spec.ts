import { beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionGoneError, type SessionRepository } from 'nestjs-redis-session';
import { deferred } from '../support/barrier.js';
import { found, repositoryOf, stored, watch, type AnySession, type WatchedStore } from './session-fixture.js';

let watched: WatchedStore;
let sessions: SessionRepository;
let session: AnySession;
beforeEach(async () => {
  watched = watch(new InMemorySessionStore());
  sessions = repositoryOf(watched.store);
  session = await found(sessions, await stored(sessions, { n: 0 }));
  watched.calls.length = 0;
});

/** Holds the store's next operation until the test releases it. */
function holdNext() {
  const arrived = deferred();
  const gate = deferred();
  watched.before = () => {
    watched.before = () => undefined;
    arrived.resolve();
    return gate.promise;
  };
  return { arrived: arrived.promise, letGo: gate.resolve, fail: gate.reject };
}

describe('verbs that are called concurrently on one session', () => {
  it('run one after the other, in the order of the calls', async () => {
    const ended: string[] = [];
    session.n = 1;
    await Promise.all([
      session.save().then(() => ended.push('save')),
      session.touch().then(() => ended.push('touch')),
      session.reload().then(() => ended.push('reload')),
      session.destroy().then(() => ended.push('destroy')),
      session.save().catch((error: unknown) => ended.push((error as Error).name)),
    ]);
    expect(watched.calls.map(({ method }) => method)).toEqual(['save', 'touch', 'load', 'destroy']);
    expect(ended).toEqual(['save', 'touch', 'reload', 'destroy', 'SessionGoneError']);
  });

  it('do not start before the previous one has ended', async () => {
    const held = holdNext();
    session.n = 1;
    const first = session.save();
    await held.arrived;
    session.n = 2;
    const second = session.save();
    await new Promise(setImmediate);
    expect(watched.written()).toEqual([{ n: '1' }]);
    held.letGo();
    await Promise.all([first, second]);
    expect(watched.written()).toEqual([{ n: '1' }, { n: '2' }]);
    expect((await found(sessions, session.id)).n).toBe(2);
  });

  it('run after one that failed', async () => {
    const held = holdNext();
    session.n = 1;
    const first = session.save();
    const second = session.save();
    held.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await second;
    expect((await found(sessions, session.id)).n).toBe(1);
  });

  it('create a new session once', async () => {
    const fresh = sessions.create();
    await Promise.all([fresh.save(), fresh.save(), fresh.touch(), fresh.save()]);
    expect(watched.methods()).toEqual(['create']);
  });

  it.each<[string, (value: AnySession) => void, Record<string, unknown>]>([
    ['a change', (s) => (s.n = 2), { n: 2, list: [1] }],
    ['a deep change', (s) => s.list.push(2), { n: 1, list: [1, 2] }],
    ['a removal', (s) => delete s.n, { list: [1] }],
    ['a new attribute', (s) => (s.more = true), { n: 1, list: [1], more: true }],
    ['a change back', (s) => (s.n = 0), { n: 0, list: [1] }],
  ])('keep %s that is made during a save for the next save', async (_, change, expected) => {
    const held = holdNext();
    session.n = 1;
    session.list = [1];
    const saving = session.save();
    await held.arrived;
    change(session);
    held.letGo();
    await saving;
    expect({ ...(await found(sessions, session.id)) }).toEqual({ n: 1, list: [1] });
    await session.save();
    expect({ ...(await found(sessions, session.id)) }).toEqual(expected);
  });

  it('keep an attribute that is set again during its removal', async () => {
    const held = holdNext();
    delete session.n;
    const saving = session.save();
    await held.arrived;
    session.n = 0;
    held.letGo();
    await saving;
    await session.save();
    expect({ ...(await found(sessions, session.id)) }).toEqual({ n: 0 });
  });

  it('keep a rotation that is requested during a save for the next save', async () => {
    const held = holdNext();
    session.n = 1;
    const saving = session.save();
    await held.arrived;
    session.rotate();
    held.letGo();
    await saving;
    expect(sessions.credentialOf(session)).toBeUndefined();
    await session.save();
    expect(sessions.credentialOf(session)).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
  });

  it('rotate once if a rotation is requested during a rotation, since no client has seen its secret', async () => {
    const held = holdNext();
    session.rotate();
    const saving = session.save();
    await held.arrived;
    session.rotate();
    held.letGo();
    await saving;
    await session.save();
    expect(watched.methods()).toEqual(['save']);
  });

  it('keep an idle timeout that is set while the session is created for the next save', async () => {
    const fresh = sessions.create();
    const held = holdNext();
    const saving = fresh.save();
    await held.arrived;
    fresh.idleTimeoutInSeconds = 77;
    held.letGo();
    await saving;
    await fresh.save();
    expect((await found(sessions, fresh.id)).idleTimeoutInSeconds).toBe(77);
  });

  it('refuse writes as soon as the session has ended', async () => {
    const held = holdNext();
    const ending = session.destroy();
    await held.arrived;
    session.n = 5;
    held.letGo();
    await ending;
    expect(() => (session.n = 6)).toThrow(SessionGoneError);
    expect(watched.written()).toEqual([]);
  });
});
