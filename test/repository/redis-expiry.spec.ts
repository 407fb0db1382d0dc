// oxlint-disable jest/expect-expect -- expectLeft asserts
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RedisSessionStore, type SessionRepository } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import { redisNow } from '../support/redis-now.js';
import { RedisServer } from '../support/redis-server.js';
import { found, repositoryOf, stored, type RepositoryOptions } from '../session/session-fixture.js';

let server: RedisServer;
const sessionsOf = (options?: RepositoryOptions) =>
  repositoryOf(
    new RedisSessionStore(server.client(), {
      applicationName: 'shop',
      operationTimeoutInMilliseconds: 5000,
      retryTimeoutInMilliseconds: 0,
    }),
    { idleTimeoutInSeconds: 600, ...options },
  );
const key = (id: string) => `{shop_${id}}_Data`;
const secondsLeft = async (id: string) => (await server.admin.pttl(key(id))) / 1000;
/** Leaves this many seconds of the idle timeout, as if the rest had passed. */
const rest = async (id: string, left: number) => void (await server.admin.pexpire(key(id), left * 1000));

async function expectLeft(id: string, seconds: number): Promise<void> {
  await eventually(async () => {
    const left = await secondsLeft(id);
    expect(left).toBeGreaterThan(seconds - 5);
    expect(left).toBeLessThanOrEqual(seconds);
  });
}

async function withCredential(
  sessions: SessionRepository,
  prepare?: (session: { idleTimeoutInSeconds: number }) => void,
) {
  const session = sessions.create();
  prepare?.(session);
  await session.save();
  return { id: session.id, credential: sessions.credentialOf(session)! };
}

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server?.stop());

describe('the idle timeout', () => {
  it('starts when the session is created', async () => {
    await expectLeft(await stored(sessionsOf(), {}), 600);
  });

  it('slides with every request that has a valid credential', async () => {
    const sessions = sessionsOf();
    const { id, credential } = await withCredential(sessions);
    await rest(id, 100);
    await sessions.findByCredential(credential);
    await expectLeft(id, 600);
  });

  it('slides with a save and with a touch', async () => {
    const sessions = sessionsOf();
    const session = await found(sessions, await stored(sessions, {}));
    await rest(session.id, 100);
    session.a = 1;
    await session.save();
    await expectLeft(session.id, 600);
    await rest(session.id, 100);
    await session.touch();
    await expectLeft(session.id, 600);
  });

  it('does not slide with a wrong secret, nor with find(id)', async () => {
    const sessions = sessionsOf();
    const { id } = await withCredential(sessions);
    await rest(id, 100);
    await server.resetStats();
    expect(await sessions.findByCredential(`${id}.${'A'.repeat(43)}`)).toBeUndefined();
    expect(await sessions.find(id)).toBeDefined();
    // A touch would arrive before this command, on the same connection.
    await sessions.find(id);
    const { hgetall, pexpire, pexpireat } = await server.commandStats();
    expect([hgetall, pexpire, pexpireat]).toEqual([3, undefined, undefined]);
    await expectLeft(id, 100);
  });

  it('of the session itself is stored with it and used by every later request', async () => {
    const sessions = sessionsOf();
    const { id, credential } = await withCredential(sessions, (session) => {
      session.idleTimeoutInSeconds = 86_400;
    });
    await expectLeft(id, 86_400);
    await rest(id, 100);
    const later = (await sessions.findByCredential(credential))!;
    expect(later.idleTimeoutInSeconds).toBe(86_400);
    await expectLeft(id, 86_400);
    await rest(id, 100);
    Object.assign(later, { a: 1 });
    await later.save();
    await expectLeft(id, 86_400);
  });

  it('of the session itself can be shorter than the default', async () => {
    const sessions = sessionsOf();
    const { id, credential } = await withCredential(sessions, (session) => {
      session.idleTimeoutInSeconds = 60;
    });
    await expectLeft(id, 60);
    await rest(id, 20);
    await sessions.findByCredential(credential);
    await expectLeft(id, 60);
  });
});

describe('the absolute timeout', () => {
  const limits = { absoluteTimeoutInSeconds: 900 };

  it('caps the idle timeout: on creation, on a request that reads, on a save and on a touch', async () => {
    const sessions = sessionsOf({ absoluteTimeoutInSeconds: 300 });
    const { id, credential } = await withCredential(sessions);
    await expectLeft(id, 300);
    await rest(id, 100);
    const session = (await sessions.findByCredential(credential))!;
    await expectLeft(id, 300);
    Object.assign(session, { a: 1 });
    await session.save();
    await expectLeft(id, 300);
    await session.touch();
    await expectLeft(id, 300);
  });

  it('ends a session however busy it is', async () => {
    const sessions = sessionsOf(limits);
    const { id, credential } = await withCredential(sessions);
    await expectLeft(id, 600);
    // As if the session had been created 800 seconds ago.
    const created = Number(await server.admin.hget(key(id), ':created'));
    await server.admin.hset(key(id), ':expires', created + 100_000);
    const session = (await sessions.findByCredential(credential))!;
    await expectLeft(id, 100);
    Object.assign(session, { a: 1 });
    await session.save();
    await expectLeft(id, 100);
  });

  it('still applies after a rotation, and after the option was removed', async () => {
    const sessions = sessionsOf({ absoluteTimeoutInSeconds: 300 });
    const session = await found(sessions, await stored(sessions, {}));
    await sessions.rotate(session);
    await expectLeft(session.id, 300);
    const later = await found(sessionsOf(), session.id);
    later.a = 1;
    await later.save();
    await expectLeft(session.id, 300);
  });

  it('uses the clock of Redis, not that of the application server', async () => {
    const sessions = sessionsOf({ absoluteTimeoutInSeconds: 300 });
    jest.spyOn(Date, 'now').mockReturnValue(0);
    try {
      const before = await redisNow(server.admin);
      const session = await found(sessions, await stored(sessions, {}));
      expect(session.createdAt.getTime()).toBeGreaterThanOrEqual(before);
      expect(session.createdAt.getTime()).toBeLessThanOrEqual(await redisNow(server.admin));
      session.a = 1;
      await session.save();
      await session.touch();
      await expectLeft(session.id, 300);
    } finally {
      jest.restoreAllMocks();
    }
  });
});
