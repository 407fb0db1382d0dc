import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { combinations } from '../integrations/chat-app.js';
import type { ChatClient } from '../integrations/chat-client.js';
import { deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { Chat } from './chat.js';
import { HostileGateway, scene } from './hostile-gateway.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const conflict = {
  event: 'exception',
  data: { status: 'error', code: 'SESSION_CONFLICT', message: expect.any(String) },
};

describe.each(combinations)('a message of $library on $platform', (on) => {
  let chat: Chat;
  let visitor: Browser;
  beforeEach(async () => {
    Object.assign(scene, { go: deferred(), underWay: 0 });
    chat = await Chat.start({ ...on, providers: [HostileGateway], options: { connectionString: redis.url } });
    visitor = await chat.visitor();
  });
  afterEach(async () => {
    scene.go.resolve();
    await chat.close();
  });

  const connect = (): Promise<ChatClient> => chat.connect(visitor.cookie('sid'));
  const me = async (): Promise<unknown> => (await visitor.get('/me')).json();

  async function underWay(event: string, data?: unknown): Promise<ChatClient> {
    const socket = await connect();
    socket.send(event, data);
    await eventually(() => expect(scene.underWay).toBe(1));
    await visitor.post('/rotate');
    scene.go.resolve();
    return socket;
  }

  describe('during a rotation of the session', () => {
    it('cannot write to it', async () => {
      const socket = await underWay('write-later');

      expect(await socket.next()).toEqual(conflict);
      expect(await me()).toEqual({ name: 'ada' });
    });

    it.each(['save', 'reload', 'destroy'])('cannot %s it', async (verb) => {
      const socket = await underWay('verb-later', verb);

      expect(await socket.next()).toEqual(conflict);
      expect(await me()).toEqual({ name: 'ada' });
    });
  });
});
