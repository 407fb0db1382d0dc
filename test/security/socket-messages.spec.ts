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

describe.each(combinations)('messages to a gateway of $library on $platform', (on) => {
  let chat: Chat;
  let visitor: Browser;
  beforeEach(async () => {
    Object.assign(scene, { go: deferred(), underWay: 0 });
    const lock = { maxWaiters: 1, waitTimeoutInMilliseconds: 10_000, leaseInMilliseconds: 30_000 };
    const options = { connectionString: redis.url, lock };
    chat = await Chat.start({ ...on, providers: [HostileGateway], options });
    visitor = await chat.visitor();
  });
  afterEach(async () => {
    scene.go.resolve();
    await chat.close();
  });

  const connect = (): Promise<ChatClient> => chat.connect(visitor.cookie('sid'));
  const me = async (): Promise<unknown> => (await visitor.get('/me')).json();

  describe('whose socket closes while they are handled', () => {
    it.each(['hold', 'hold-a-stream'])('release the lock of the session (%s)', async (message) => {
      const first = await connect();
      first.send(message);
      await eventually(() => expect(scene.underWay).toBe(1));
      const second = await connect();
      second.send('count');

      first.close();

      expect(await second.next()).toEqual({ event: 'count', data: 1 });
      expect(await me()).toEqual({ name: 'ada', count: 1 });
    });

    it('leave the queue if they still wait for the lock', async () => {
      const holding = await connect();
      holding.send('hold');
      await eventually(() => expect(scene.underWay).toBe(1));
      const waiting = await connect();
      waiting.send('hold');
      const another = await connect();
      const full = { event: 'exception', data: expect.objectContaining({ code: 'SESSION_LOCK_TIMEOUT' }) };
      await waiting.ask('name');
      expect(await another.ask('count')).toEqual(full);
      const open = await chat.openSockets();

      waiting.close();

      await eventually(async () => expect(await chat.openSockets()).toBe(open - 1));
      another.send('count');
      await another.ask('name');
      scene.go.resolve();
      expect(await another.next()).toEqual({ event: 'count', data: 1 });
      expect(scene.underWay).toBe(1);
    });
  });

  it('that are malformed do not stop the gateway', async () => {
    const socket = await connect();
    const odd = ['', '{', 'null', '5', '[]', '{"event":"__proto__"}', '{"event":{}}', '{"event":"name","data":{"__proto__":1}}', '\uD800', '\0'.repeat(1000), '['.repeat(100_000)]; // prettier-ignore

    for (const text of odd) {
      socket.sendRaw(text);
      socket.sendRaw(Buffer.from(text));
    }

    await eventually(async () =>
      expect(await (await connect()).ask('name')).toEqual({ event: 'name', data: 'ada' }),
    );
  });

  it.each([undefined, null, 5, true, [], {}, 'x'.repeat(500_000)])(
    'can carry any data (%#)',
    async (data) => {
      const socket = await connect();

      expect(await socket.ask('note', data)).toMatchObject({ event: 'note' });
    },
  );

  it('that flood one session are all answered', async () => {
    const socket = await connect();
    for (let i = 0; i < 1_000; i++) socket.send('name');

    await eventually(() => expect(socket.arrived).toHaveLength(1_000), { within: 60_000 });
    expect(socket.arrived.every(({ event }) => event === 'name' || event === 'exception')).toBe(true);
    // On a busy machine, Redis may still be answering the flood.
    await eventually(
      async () => expect(await (await connect()).ask('name')).toEqual({ event: 'name', data: 'ada' }),
      { within: 20_000 },
    );
  }, 90_000);
});
