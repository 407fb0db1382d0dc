import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { InMemorySessionStore, type SessionRepository } from 'nestjs-redis-session';
import { ChildProgram } from '../support/child-program.js';
import { found, repositoryOf, stored, watch, type AnySession, type WatchedStore } from './session-fixture.js';

const verbs = ['save', 'reload', 'touch', 'regenerate', 'destroy'] as const;

/** The store operation that each verb calls. */
const operations = {
  save: 'save',
  reload: 'load',
  touch: 'touch',
  regenerate: 'destroy',
  destroy: 'destroy',
};

let watched: WatchedStore;
let sessions: SessionRepository;
let session: AnySession;
const away = new Error('away');
beforeEach(async () => {
  watched = watch(new InMemorySessionStore());
  sessions = repositoryOf(watched.store);
  session = await found(sessions, await stored(sessions, { n: 0 }));
  session.n = 1;
});
const storeGoesAway = () => {
  watched.before = () => {
    throw away;
  };
};

describe.each(verbs)('session.%s()', (verb) => {
  it('returns a promise that resolves to undefined (regenerate: to the new session)', async () => {
    const answer = await session[verb]();
    expect(answer?.isNew).toBe(verb === 'regenerate' ? true : undefined);
    expect(answer?.id).not.toBe(session.id);
  });

  it('rejects with the error of the store', async () => {
    storeGoesAway();
    await expect(session[verb]()).rejects.toBe(away);
  });

  it('calls a callback without an argument, as express-session does', async () => {
    const callback = jest.fn();
    await session[verb](callback);
    expect(callback.mock.calls).toEqual([[]]);
  });

  it('passes an error to the callback, and the promise does not reject', async () => {
    storeGoesAway();
    const callback = jest.fn();
    await session[verb](callback);
    expect(callback.mock.calls).toEqual([[away]]);
  });

  it('calls the callback only after the call has returned', async () => {
    let returned = false;
    const called = new Promise<boolean>((resolve) => {
      void session[verb](() => resolve(returned));
      returned = true;
    });
    expect(await called).toBe(true);
  });

  it('treats null and undefined as no callback', async () => {
    await session[verb](undefined);
    await session[verb](null as never);
    session = await found(sessions, await stored(sessions, {}));
    storeGoesAway();
    session.n = 1;
    await expect(session[verb](undefined)).rejects.toBe(away);
    await expect(session[verb](null as never)).rejects.toBe(away);
  });

  it('works when it is detached from its session', async () => {
    const { [verb]: detached } = session;
    watched.calls.length = 0;
    await detached();
    expect(watched.calls.map(({ method }) => method)).toEqual([operations[verb]]);
  });
});

describe('a verb that fails while nobody awaits it', () => {
  let program: ChildProgram;
  beforeAll(() => {
    program = new ChildProgram();
  });
  afterAll(() => program?.remove());

  const setUp = `
    import { InMemorySessionStore, RedisSessionOptions, SessionRepository } from './lib/index.js';
    const store = new InMemorySessionStore();
    const sessions = new SessionRepository(store, new RedisSessionOptions());
    const session = sessions.create();
    await session.save();
    for (const verb of ['load', 'save', 'touch', 'destroy']) store[verb] = async () => { throw new Error('away'); };
    session.n = 1;
    process.on('exit', () => console.log('ended by itself'));
  `;

  it.each(verbs)('does not end the process: session.%s()', async (verb) => {
    const ended = await program.run(`${setUp} session.${verb}(); session.${verb}(() => {});`);
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'ended by itself\n', stderr: '' });
  });

  it('differs from a callback that throws, which does end the process', async () => {
    const ended = await program.run(`${setUp} session.save(() => { throw new Error('in the callback'); });`);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('in the callback');
  });
});
