import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'node:net';
import { SessionRegistration } from '../../lib/request/session-registration.js';
import { sessionWatchOf } from '../../lib/websockets/session-watch.js';
import { chatGateway, combinations } from '../integrations/chat-app.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { Chat } from './chat.js';
import { openAndReset } from './reset-sockets.js';

const SOCKETS = 500;

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

/** The sessions that are read in Redis until this one was read so often. */
async function readUntil(id: string, times: number): Promise<Set<string>> {
  // Not ioredis, whose MONITOR fails if a command of another client comes before the reply.
  const monitor = connect(redis.port, redis.host);
  let seen = '';
  monitor.on('data', (piece: Buffer) => (seen += piece.toString()));
  monitor.write('MONITOR\r\n');
  const keys = (): string[] => [...seen.matchAll(/"hgetall" "([^"]+)"/gi)].map(([, key]) => key!);
  await eventually(() => keys().filter((key) => key.includes(id)).length >= times);
  monitor.destroy();
  return new Set(keys());
}

describe.each(combinations)('with closeOnSessionEnd, sockets of $library on $platform', (on) => {
  let chat: Chat;
  let started: jest.Spied<typeof setInterval>;
  let ended: jest.Spied<typeof clearInterval>;
  beforeEach(async () => {
    await start(15_000);
    started = jest.spyOn(globalThis, 'setInterval');
    ended = jest.spyOn(globalThis, 'clearInterval');
  });
  afterEach(async () => {
    redis.thaw();
    jest.restoreAllMocks();
    await chat.close();
  });

  async function start(operationTimeoutInMilliseconds: number): Promise<void> {
    const providers = [chatGateway({ closeOnSessionEnd: true, checkEveryInSeconds: 0.05 })];
    const options = { connectionString: redis.url, operationTimeoutInMilliseconds };
    chat = await Chat.start({ ...on, providers, options });
  }

  const watched = (): number => sessionWatchOf(chat.get(SessionRegistration)).size;

  function timers(): unknown[] {
    const over = new Set<unknown>(ended.mock.calls.map(([timer]) => timer));
    return started.mock.results.map(({ value }) => value).filter((timer) => !over.has(timer));
  }

  it('leave nothing behind when hundreds are reset before Redis replies', async () => {
    const cookie = (await chat.visitor()).cookie('sid')!;
    await redis.resetStats();
    redis.freeze();
    await openAndReset(on.library, chat.url, cookie, SOCKETS);
    await eventually(async () => expect(await chat.openSockets()).toBe(0), { within: 60_000 });

    redis.thaw();
    await eventually(async () => expect(await redis.commandStats()).toHaveProperty('hgetall', SOCKETS), {
      within: 60_000,
    });
    const another = (await chat.visitor()).cookie('sid')!;
    const listening = await chat.connect(another);
    const read = await readUntil(another.split('.')[0]!, 3);

    expect(read.size).toBe(1);
    expect(watched()).toBe(1);
    listening.close();
    await eventually(() => expect(watched()).toBe(0));
    expect(timers()).toEqual([]);
  }, 150_000);

  it('of one session share a timer and one read per round, and are both closed', async () => {
    const visitor = await chat.visitor();
    const cookie = visitor.cookie('sid')!;
    const sockets = await Promise.all(Array.from({ length: 20 }, () => chat.connect(cookie)));
    await eventually(() => expect(watched()).toBe(1));
    expect(timers()).toHaveLength(1);

    await visitor.post('/logout');
    await Promise.all(sockets.map((socket) => socket.closed));

    expect(watched()).toBe(0);
    expect(timers()).toEqual([]);
  });

  it('are still watched after the client sends a fake disconnect', async () => {
    const visitor = await chat.visitor();
    const socket = await chat.connect(visitor.cookie('sid'));
    await eventually(() => expect(watched()).toBe(1));
    socket.send('close');
    await socket.ask('name');

    await visitor.post('/logout');

    expect(await socket.closed).toBe(
      on.library === 'ws' ? '1008 The session has ended.' : 'io server disconnect',
    );
  });

  it('that were opened while Redis was away are closed, too, when the session ends', async () => {
    await chat.close();
    await start(200);
    const visitor = await chat.visitor();
    const cookie = visitor.cookie('sid')!;
    redis.freeze();
    const socket = await chat.connect(cookie);
    await eventually(() => expect(watched()).toBe(1));
    redis.thaw();
    // More than could be pending when Redis came back.
    await readUntil(cookie.split('.')[0]!, 10);

    await visitor.post('/logout');

    expect(await socket.closed).toBeDefined();
    expect(watched()).toBe(0);
  });

  it('that were opened without a session cause no reads', async () => {
    const socket = await chat.connect();
    await socket.ask('name');

    expect(watched()).toBe(0);
    expect(timers()).toEqual([]);
  });

  it('are not watched after the application has closed', async () => {
    const visitor = await chat.visitor();
    await chat.connect(visitor.cookie('sid'));
    await eventually(() => expect(watched()).toBe(1));
    const registration = chat.get(SessionRegistration);

    await chat.close();

    expect(sessionWatchOf(registration).size).toBe(0);
    expect(timers()).toEqual([]);
  });
});
