import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  InMemorySessionStore,
  SessionStoreUnavailableError,
  type SessionRepository,
} from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import {
  repositoryOf,
  openRedis,
  watchedCart,
  type AnySession,
  type RepositoryOptions,
  type StoreUnderTest,
  type WatchedStore,
} from './session-fixture.js';

/** Touches are sent at the end of a turn of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

let clock: number;
beforeEach(() => {
  clock = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => clock);
});
afterEach(() => void jest.restoreAllMocks());

describe('a session that one process reads again and again', () => {
  let opened: StoreUnderTest;
  let watched: WatchedStore;
  let sessions: SessionRepository;
  let credential: string;

  beforeAll(async () => {
    opened = await openRedis();
  });
  afterAll(() => opened?.close());
  beforeEach(async () => {
    ({ watched, sessions, credential } = await watchedCart(opened.store));
  });

  const read = async (by = sessions) => (await by.findByCredential(credential)) as AnySession;
  const count = (method: string) => watched.calls.filter((call) => call.method === method).length;
  const touches = async () => {
    await turn();
    return count('touch');
  };
  const withOptions = (options: RepositoryOptions) => repositoryOf(watched.store, options);

  it('is touched once by twenty requests at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => read()));
    expect([count('load'), await touches()]).toEqual([20, 1]);
  });

  it('is touched again after a second', async () => {
    await read();
    expect(await touches()).toBe(1);
    clock += 999;
    await read();
    expect(await touches()).toBe(1);
    clock += 1;
    await read();
    expect(await touches()).toBe(2);
  });

  it('is touched again after 1 % of its idle timeout, if that is less', async () => {
    const brief = withOptions({ idleTimeoutInSeconds: 50 });
    await read(brief);
    expect(await touches()).toBe(1);
    clock += 499;
    await read(brief);
    expect(await touches()).toBe(1);
    clock += 1;
    await read(brief);
    expect(await touches()).toBe(2);
  });

  it('is told from a session that was touched later', async () => {
    await read();
    expect(await touches()).toBe(1);
    clock += 600;
    const { credential: other } = await watchedCart(watched.store);
    watched.calls.length = 0;
    await sessions.findByCredential(other);
    expect(await touches()).toBe(1);
    clock += 500;
    await read();
    await sessions.findByCredential(other);
    expect(await touches()).toBe(2);
  });

  it('is always touched by touch()', async () => {
    const session = await read();
    await session.touch();
    await session.touch();
    expect(await touches()).toBe(2);
  });

  it('is not touched after a save, which has done it', async () => {
    const session = await read();
    session.cart.push('coffee');
    await session.save();
    await read();
    expect([count('save'), await touches()]).toEqual([1, 0]);
  });

  it('is saved without a touch right after one', async () => {
    const session = await read();
    expect(await touches()).toBe(1);
    session.cart.push('coffee');
    await session.save();
    clock += 1000;
    session.cart.push('milk');
    await session.save();
    const saves = watched.calls.filter(({ method }) => method === 'save');
    expect(saves.map(({ args }) => (args[1] as { touched: boolean }).touched)).toEqual([true, false]);
  });

  it('is touched after a save that failed', async () => {
    const session = await read();
    session.cart.push('coffee');
    watched.before = (method) => {
      if (method === 'save') throw new SessionStoreUnavailableError('save', 1, new Error('away'));
    };
    await expect(session.save()).rejects.toThrow(SessionStoreUnavailableError);
    expect(await touches()).toBe(1);
  });

  it('is touched again at once after a touch that failed', async () => {
    watched.before = (method) => {
      if (method === 'touch') throw new SessionStoreUnavailableError('touch', 1, new Error('away'));
    };
    await read();
    await eventually(() => expect(sessions.lastException).toBeDefined());
    watched.before = () => undefined;
    await read();
    expect(await touches()).toBe(2);
  });

  it('is touched for a request that relied on a touch that then failed', async () => {
    let fail!: (reason: Error) => void;
    const failing = new Promise<void>((_resolve, reject) => (fail = reject));
    watched.before = (method) => (method === 'touch' ? failing : undefined);
    await read();
    await turn();
    await read();
    expect(await touches()).toBe(1);
    watched.before = () => undefined;
    fail(new SessionStoreUnavailableError('touch', 1, new Error('away')));
    await eventually(() => expect(count('touch')).toBe(2));
  });

  it.each([60, 86_400])('is touched after another process has given it %i seconds', async (seconds) => {
    await read();
    await turn();
    const elsewhere = await read(withOptions({}));
    elsewhere.idleTimeoutInSeconds = seconds;
    await elsewhere.save();
    watched.calls.length = 0;
    await read();
    expect(await touches()).toBe(1);
    await read();
    expect(await touches()).toBe(1);
  });

  it('is not touched after this process has given it another idle timeout', async () => {
    const session = await read();
    session.idleTimeoutInSeconds = 86_400;
    await session.save();
    await read();
    expect(await touches()).toBe(0);
  });

  it('is not touched after a rotation, whose save has done it', async () => {
    const session = await read();
    credential = (await sessions.rotate(session))!;
    await read();
    expect(await touches()).toBe(0);
  });

  it('is touched by each process', async () => {
    await read();
    await read(withOptions({}));
    expect(await touches()).toBe(2);
  });
});

it('forgets touches of thousands of sessions rather than fill the memory', async () => {
  const memory = Object.assign(new InMemorySessionStore(), { touchesAreFree: false });
  const { watched, sessions, credential } = await watchedCart(memory);
  await sessions.findByCredential(credential);
  for (let others = 0; others < 20_000; others++) {
    const session = sessions.create();
    await session.save();
    await session.touch();
  }
  watched.calls.length = 0;
  await sessions.findByCredential(credential);
  await eventually(() => expect(watched.calls.map(({ method }) => method)).toEqual(['load', 'touch']));
});

it('a store whose touches are free is touched by every read', async () => {
  const { watched, sessions, credential } = await watchedCart(new InMemorySessionStore());
  for (let read = 0; read < 3; read++) {
    await sessions.findByCredential(credential);
    await turn();
  }
  expect(watched.calls.filter(({ method }) => method === 'touch')).toHaveLength(3);
});
