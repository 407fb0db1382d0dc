import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { BaseWsExceptionFilter } from '@nestjs/websockets';
import { InMemorySessionStore, sessionFromContext, SessionStoreUnavailableError } from 'nestjs-redis-session';
import type { GatewaySessionOptions } from 'nestjs-redis-session/websockets';
import { barrier, deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';
import {
  chatGateway,
  combinations,
  connections,
  together,
  useAdapter,
  VisitorController,
} from './chat-app.js';
import { ChatClient } from './chat-client.js';
import { sessionsInMemory, startNest, type NestApp } from './nest-app.js';

// All that a client may learn about an internal error.
const failure = { event: 'exception', data: { status: 'error', message: 'Internal server error' } };
const errorOf = (message: RegExp): unknown =>
  expect.objectContaining({ message: expect.stringMatching(message) });
const { logger } = BaseWsExceptionFilter as unknown as { logger: Logger };

describe.each(combinations)('a gateway of $library on $platform', ({ library, platform }) => {
  let now: number;
  let store: InMemorySessionStore;
  let logged: jest.Spied<Logger['error']>;
  let app: NestApp;
  let visitor: Browser;
  const sockets: ChatClient[] = [];

  beforeEach(() => {
    now = Date.now();
    logged = jest.spyOn(logger, 'error').mockReset();
  });
  afterEach(async () => {
    sockets.splice(0).forEach((socket) => socket.close());
    await app.close();
  });

  async function start(gateway: new () => object): Promise<void> {
    store = new InMemorySessionStore({ now: () => now });
    const imports = [sessionsInMemory({ store, idleTimeoutInSeconds: 60 })];
    const metadata = { imports, controllers: [VisitorController], providers: [gateway] };
    app = await startNest(platform, metadata, (nest) => useAdapter(nest, library));
    visitor = app.browser();
  }

  async function connect(cookie = visitor.cookie('sid')): Promise<ChatClient> {
    const socket = await ChatClient.open(library, app.url, cookie);
    sockets.push(socket);
    return socket;
  }

  async function startLoggedIn(options?: GatewaySessionOptions): Promise<ChatClient> {
    await start(chatGateway(options));
    await visitor.post('/login');
    return connect();
  }

  const me = async (): Promise<unknown> => (await visitor.get('/me')).json();

  it('passes the session whose cookie opened the socket to its handlers', async () => {
    const socket = await startLoggedIn();

    expect(await socket.ask('name')).toEqual({ event: 'name', data: 'ada' });
  });

  it('releases its sockets when the application closes', async () => {
    const socket = await startLoggedIn();
    const stranger = await connect('');
    await socket.ask('name');
    await app.close();
    const reasons = await Promise.all([socket.closed, stranger.closed]);
    expect(reasons).toEqual([expect.any(String), expect.any(String)]);
  });

  it('lets its guards read the session', async () => {
    const member = await startLoggedIn();
    const stranger = await connect('');

    expect(await member.ask('members-only')).toEqual({ event: 'members-only', data: 'welcome' });
    expect(await stranger.ask('members-only')).toMatchObject({
      event: 'exception',
      data: { message: 'Forbidden resource' },
    });
  });

  it('stores the changes of a handler before its answer arrives', async () => {
    const socket = await startLoggedIn();
    const stored = deferred();
    const save = store.save.bind(store);
    const saving = jest.spyOn(store, 'save').mockImplementation(async (...args) => {
      await stored.promise;
      return save(...args);
    });

    socket.send('say', 'hello');
    await eventually(() => expect(saving).toHaveBeenCalled());
    expect(await socket.ask('name')).toEqual({ event: 'name', data: 'ada' });
    stored.resolve();

    expect(await socket.next()).toEqual({ event: 'say', data: ['hello'] });
    expect(await me()).toEqual({ name: 'ada', said: ['hello'] });
  });

  it('stores them once, before the first answer of a stream', async () => {
    const socket = await startLoggedIn();
    const saves = jest.spyOn(store, 'save');

    expect(await socket.ask('stream')).toEqual({ event: 'stream', data: 1 });
    expect(await me()).toMatchObject({ said: ['a stream'] });
    expect(await socket.next()).toEqual({ event: 'stream', data: 2 });
    expect(saves).toHaveBeenCalledTimes(1);
  });

  it('loads the session for every message', async () => {
    const socket = await startLoggedIn();
    await socket.ask('name');

    await visitor.post('/rename');

    expect(await socket.ask('name')).toEqual({ event: 'name', data: 'grace' });
  });

  it('keeps the changes of messages that are handled at the same time', async () => {
    const socket = await startLoggedIn();
    together.meet = barrier(2);

    socket.send('left');
    socket.send('right');
    await socket.next();
    await socket.next();

    expect(await me()).toEqual({ name: 'ada', left: true, right: true });
  });

  it('handles exclusive messages of a session one after the other', async () => {
    const first = await startLoggedIn();
    const second = await connect();

    for (let i = 0; i < 5; i++) [first, second].forEach((socket) => socket.send('count'));
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await first.next(), await second.next());

    expect(answers.map(({ data }) => data).toSorted((a, b) => Number(a) - Number(b))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('answers only that sessions are unavailable if the store is', async () => {
    const socket = await startLoggedIn();
    jest.spyOn(store, 'load').mockRejectedValue(new SessionStoreUnavailableError('load', 1, 'of our own'));

    expect(await socket.ask('name')).toEqual({
      event: 'exception',
      data: { status: 'error', code: 'SESSION_STORE_UNAVAILABLE', message: 'Service Unavailable' },
    });
  });

  it('slides the idle timeout with every message', async () => {
    const socket = await startLoggedIn();
    for (let i = 0; i < 3; i++) {
      now += 50_000;
      expect(await socket.ask('name')).toEqual({ event: 'name', data: 'ada' });
    }
    expect(await me()).toEqual({ name: 'ada' });
  });

  describe.each(['refuse', 'forbid'])('when a handler refuses a message (%s)', (message) => {
    it('keeps the changes of the handler', async () => {
      const socket = await startLoggedIn();

      expect(await socket.ask(message)).toMatchObject({ event: 'exception', data: { status: 'error' } });
      expect(await me()).toEqual({ name: 'ada', said: ['a refusal'] });
    });
  });

  describe('when a handler fails', () => {
    it('drops the changes of the handler', async () => {
      const socket = await startLoggedIn();

      expect(await socket.ask('crash')).toMatchObject(failure);
      expect(await me()).toEqual({ name: 'ada' });
    });
  });

  describe('when the session has ended', () => {
    const ended = {
      event: 'exception',
      data: {
        status: 'error',
        code: 'SESSION_GONE',
        message: expect.stringMatching(/^Session [\w-]{22} was destroyed or has expired/),
      },
    };

    it('refuses further messages after a logout by HTTP', async () => {
      const socket = await startLoggedIn();
      await socket.ask('name');

      await visitor.post('/logout');

      expect(await socket.ask('name')).toEqual(ended);
      expect(await socket.ask('say', 'still here')).toEqual(ended);
      expect(store.size).toBe(0);
    });

    it('refuses further messages after a logout over the socket', async () => {
      const socket = await startLoggedIn();

      expect(await socket.ask('logout')).toEqual({ event: 'logout', data: true });
      expect(await socket.ask('name')).toEqual(ended);
    });

    it('refuses further messages after it has expired', async () => {
      const socket = await startLoggedIn();
      await socket.ask('name');
      now += 60_000;

      expect(await socket.ask('name')).toEqual(ended);
    });

    it('refuses further messages after the credential that opened the socket was replaced', async () => {
      const socket = await startLoggedIn();
      await socket.ask('name');

      await visitor.post('/rotate');

      expect(await socket.ask('name')).toEqual(ended);
      expect(await (await connect()).ask('name')).toEqual({ event: 'name', data: 'ada' });
    });

    it('keeps the socket open', async () => {
      const socket = await startLoggedIn();
      await socket.ask('logout');
      await socket.ask('name');

      expect(await socket.ask('say', 'hello')).toEqual(ended);
    });

    it('closes the socket of a refused message with closeOnSessionEnd, after the error', async () => {
      const socket = await startLoggedIn({ closeOnSessionEnd: true, checkEveryInSeconds: 3600 });
      await socket.ask('logout');

      expect(await socket.ask('name')).toEqual(ended);
      expect(await socket.closed).toBe(
        library === 'ws' ? '1008 The session has ended.' : 'io server disconnect',
      );
    });

    it.each(['/logout', '/rotate'])('closes a socket that only listens, after %s', async (path) => {
      const socket = await startLoggedIn({ closeOnSessionEnd: true, checkEveryInSeconds: 0.02 });

      await visitor.post(path);

      expect(await socket.closed).toBe(
        library === 'ws' ? '1008 The session has ended.' : 'io server disconnect',
      );
    });

    it('does not keep a session alive by checking it', async () => {
      const socket = await startLoggedIn({ closeOnSessionEnd: true, checkEveryInSeconds: 0.02 });
      const loads = jest.spyOn(store, 'load');
      now += 50_000;
      await eventually(() => loads.mock.calls.length >= 2);
      now += 10_000;

      await socket.closed;
      expect(await me()).toEqual({});
    });
  });

  describe('when the socket was opened without a session', () => {
    it('passes an empty session to its handlers', async () => {
      await start(chatGateway());
      const socket = await connect();

      expect(await socket.ask('name')).toEqual({ event: 'name', data: null });
    });

    it('refuses to create one, because the client cannot get its credential', async () => {
      await start(chatGateway());
      const socket = await connect();

      expect(await socket.ask('say', 'hello')).toMatchObject(failure);
      expect(logged.mock.lastCall).toEqual([
        errorOf(/^There is no session to write to: this socket was opened without one/),
      ]);
      expect(store.size).toBe(0);
    });
  });

  it('refuses to rotate a session, which would log the client out', async () => {
    const socket = await startLoggedIn();

    expect(await socket.ask('rotate')).toMatchObject(failure);
    expect(logged.mock.lastCall).toEqual([errorOf(/^A session cannot be rotated or regenerated here/)]);
    expect(await socket.ask('name')).toEqual({ event: 'name', data: 'ada' });
  });

  it('refuses a write in a handler with the state read-only', async () => {
    const socket = await startLoggedIn();

    expect(await socket.ask('look')).toMatchObject(failure);
    expect(logged.mock.lastCall).toEqual([
      errorOf(/^Cannot set session.said: the session is read-only here/),
    ]);
    expect(await me()).toEqual({ name: 'ada' });
  });

  it('still calls its own handleConnection()', async () => {
    const before = connections.length;
    const socket = await startLoggedIn();
    await socket.ask('name');

    expect(connections).toHaveLength(before + 1);
  });
});

describe('a gateway without @GatewaySession()', () => {
  it('gets an error that names the missing decorator', () => {
    const context = new ExecutionContextHost([{}, 'data', undefined, 'name']);
    context.setType('ws');

    expect(() => sessionFromContext(context)).toThrow(
      'There is no session here: the gateway lacks @GatewaySession(). Write it right above the class.',
    );
  });
});
