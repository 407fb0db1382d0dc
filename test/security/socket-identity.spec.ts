import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RedisSessionModuleOptions } from 'nestjs-redis-session';
import { chatGateway, combinations } from '../integrations/chat-app.js';
import type { ChatClient } from '../integrations/chat-client.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { Chat } from './chat.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const ada = { event: 'name', data: 'ada' };
const nobody = { event: 'name', data: null };
const gone = { event: 'exception', data: expect.objectContaining({ code: 'SESSION_GONE' }) };
const unavailable = {
  event: 'exception',
  data: { status: 'error', code: 'SESSION_STORE_UNAVAILABLE', message: 'Service Unavailable' },
};

async function whileFrozen(scene: () => Promise<void>): Promise<void> {
  redis.freeze();
  try {
    await scene();
  } finally {
    redis.thaw();
  }
}

const eventuallyAnswers = (socket: ChatClient, answer: unknown): Promise<void> =>
  eventually(async () => expect(await socket.ask('name')).toEqual(answer));

describe.each(combinations)('a socket of $library on $platform opened with two cookies', (on) => {
  let chat: Chat;
  let applicationName: string;
  let first: Browser;
  afterEach(() => chat.close());

  /** The cookies of ada, followed by those of grace. */
  async function start(options: RedisSessionModuleOptions = {}): Promise<string> {
    applicationName = uniqueName('chat');
    const redisOptions = { connectionString: redis.url, applicationName, ...options };
    chat = await Chat.start({ ...on, providers: [chatGateway()], options: redisOptions });
    first = await chat.visitor();
    const second = await chat.visitor();
    await second.post('/rename');
    return `${first.cookie('sid')}; sid=${second.cookie('sid')}`;
  }

  it('never acts as the second visitor after the first logs out', async () => {
    const socket = await opened(await start());
    expect(await socket.ask('name')).toEqual(ada);

    await first.post('/logout');

    expect(await socket.ask('name')).toEqual(gone);
    expect(await socket.ask('say', 'as grace')).toEqual(gone);
  });

  it('nor if it has sent no message before', async () => {
    const cookies = await start();
    await redis.resetStats();
    const socket = await opened(cookies);
    await eventually(async () => expect(await redis.commandStats()).toHaveProperty('hgetall'));

    await first.post('/logout');

    expect(await socket.ask('name')).toEqual(gone);
  });

  it('nor after a rotation of the first', async () => {
    const socket = await opened(await start());
    expect(await socket.ask('name')).toEqual(ada);

    await first.post('/rotate');

    expect(await socket.ask('name')).toEqual(gone);
  });

  it('still has no session when its cookie becomes valid later', async () => {
    await start();
    const cookie = first.cookie('sid')!;
    const key = `{${applicationName}_${cookie.split('.')[0]}}_Data`;
    await redis.admin.rename(key, `${key}-away`);
    const socket = await opened(cookie);
    expect(await socket.ask('name')).toEqual(nobody);

    await redis.admin.rename(`${key}-away`, key);

    expect(await (await opened(cookie)).ask('name')).toEqual(ada);
    expect(await socket.ask('name')).toEqual(nobody);
  });

  it('keeps the first valid one if Redis was away when it was opened', async () => {
    const cookies = await start({ operationTimeoutInMilliseconds: 200 });
    let socket!: ChatClient;
    await whileFrozen(async () => {
      socket = await opened(cookies);
      expect(await socket.ask('name')).toEqual(unavailable);
    });
    await eventuallyAnswers(socket, ada);

    await first.post('/logout');

    expect(await socket.ask('name')).toEqual(gone);
  });

  it('does so with throwOnError: false, with an empty session meanwhile', async () => {
    const cookies = await start({ operationTimeoutInMilliseconds: 200, throwOnError: false });
    let socket!: ChatClient;
    await whileFrozen(async () => {
      socket = await opened(cookies);
      expect(await socket.ask('name')).toEqual(nobody);
    });
    await eventuallyAnswers(socket, ada);

    await first.post('/logout');

    expect(await socket.ask('name')).toEqual(gone);
  });

  function opened(cookies: string): Promise<ChatClient> {
    return chat.connect(cookies);
  }
});
