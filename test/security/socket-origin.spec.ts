import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SessionOptionsError } from 'nestjs-redis-session';
import { GatewaySession, type GatewaySessionOptions } from 'nestjs-redis-session/websockets';
import { isOriginAllowed } from '../../lib/request/allowed-origins.js';
import { chatGateway, combinations, connections, disconnections } from '../integrations/chat-app.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { Chat } from './chat.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

describe.each(combinations)('a page of another origin opens a socket of $library on $platform', (on) => {
  let chat: Chat;
  let warned: jest.Spied<Logger['warn']>;
  let failed: jest.Spied<Logger['error']>;
  beforeEach(() => {
    connections.length = disconnections.length = 0;
    warned = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    failed = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await chat.close();
  });

  async function start(options?: GatewaySessionOptions): Promise<string> {
    const providers = [chatGateway(options)];
    chat = await Chat.start({ ...on, providers, options: { connectionString: redis.url } });
    return (await chat.visitor()).cookie('sid')!;
  }

  const refused = on.library === 'ws' ? '1008 Forbidden origin' : 'io server disconnect';
  const ada = { event: 'name', data: 'ada' };
  const closing = async (origin: string, cookie: string): Promise<unknown> =>
    (await chat.connect(cookie, { origin })).closed;
  const answering = async (origin: string, cookie: string): Promise<unknown> =>
    (await chat.connect(cookie, { origin })).ask('name');

  it('closes the socket before it reads the session', async () => {
    const cookie = await start();
    await redis.resetStats();

    const socket = await chat.connect(cookie, { origin: 'https://evil.example' });
    socket.send('name');
    expect(await socket.closed).toBe(refused);

    expect(socket.arrived.filter(({ event }) => event === 'name')).toEqual([]);
    expect(await redis.commandStats()).not.toHaveProperty('hgetall');
  });

  it('does not call the gateway for the socket', async () => {
    const cookie = await start();

    expect(await closing('https://evil.example', cookie)).toBe(refused);
    const welcome = await chat.connect(cookie);
    expect(await welcome.ask('name')).toEqual(ada);
    welcome.close();
    await eventually(() => expect(disconnections).toHaveLength(1));

    expect(connections).toEqual(disconnections);
  });

  it('logs the remedy once', async () => {
    const cookie = await start();
    const origin = `https://${uniqueName()}.example`;

    expect(await closing(origin, cookie)).toBe(refused);
    expect(await closing(origin, cookie)).toBe(refused);

    expect(warned.mock.calls.filter(([message]) => String(message).includes(origin))).toEqual([
      [
        `Closed a socket that a page of the origin "${origin}" opened at the host "${chat.host}". If these pages are yours, add their origin to allowedOrigins of @GatewaySession().`,
      ],
    ]);
  });

  it('refuses a sandboxed frame, a file and a redirect', async () => {
    const cookie = await start({ allowedOrigins: () => true });

    expect(await closing('null', cookie)).toBe(refused);
  });

  it('accepts pages of its own origin', async () => {
    const cookie = await start();

    expect(await answering(chat.url, cookie)).toEqual(ada);
  });

  it('accepts programs, which send no origin', async () => {
    const cookie = await start();

    expect(await (await chat.connect(cookie)).ask('name')).toEqual(ada);
  });

  it('accepts only the listed origins', async () => {
    const cookie = await start({ allowedOrigins: ['https://shop.example', 'http://localhost:4200'] });

    expect(await answering('https://shop.example', cookie)).toEqual(ada);
    expect(await answering('http://localhost:4200', cookie)).toEqual(ada);
    expect(await closing('http://shop.example', cookie)).toBe(refused);
    expect(await closing('https://shop.example.evil.example', cookie)).toBe(refused);
    expect(await closing(chat.url, cookie)).toBe(refused);
  });

  it('accepts an origin only if the function returns true', async () => {
    const answers: Record<string, unknown> = { 'https://yes.example': true, 'https://later.example': Promise.resolve(true) }; // prettier-ignore
    const cookie = await start({ allowedOrigins: (origin) => answers[origin] as boolean });

    expect(await answering('https://yes.example', cookie)).toEqual(ada);
    expect(await closing('https://later.example', cookie)).toBe(refused);
    expect(await closing('https://no.example', cookie)).toBe(refused);
  });

  it('refuses an origin if the function fails, and keeps running', async () => {
    const failure = new Error('out of order');
    const allowedOrigins = jest.fn<() => boolean>().mockReturnValue(true).mockImplementationOnce(() => {
      throw failure;
    }); // prettier-ignore
    const cookie = await start({ allowedOrigins });

    expect(await closing('https://shop.example', cookie)).toBe(refused);
    expect(await answering('https://shop.example', cookie)).toEqual(ada);
    expect(failed.mock.calls).toEqual([[failure]]);
  });
});

describe('the origin of a request', () => {
  const cases = [
    // origin, host, certainly over TLS, allowed
    ['https://shop.example', 'shop.example', true, true],
    ['https://shop.example', 'shop.example:443', true, true],
    ['https://shop.example', 'SHOP.example', false, true],
    ['http://shop.example', 'shop.example:80', false, true],
    ['http://[::1]:3000', '[::1]:3000', false, true],
    ['http://shop.example', 'shop.example', true, false],
    ['https://shop.example:8443', 'shop.example', true, false],
    ['https://shop.example', 'shop.example:8443', true, false],
    ['http://shop.example:443', 'shop.example:443', false, true],
    ['http://shop.example', 'shop.example:443', false, false],
    ['https://shop.example', 'shop.example:80', false, false],
    ['https://www.shop.example', 'shop.example', true, false],
    ['https://shop.example.evil.example', 'shop.example', true, false],
    ['https://evil-shop.example', 'shop.example', true, false],
    ['https://shop.example@evil.example', 'shop.example', true, false],
    ['https://evil.example/shop.example', 'shop.example', true, false],
    ['https://shop.example, https://evil.example', 'shop.example', true, false],
    ['https://evil.example', undefined, true, false],
    ['https://', '', true, false],
    ['ftp://shop.example', 'shop.example', false, false],
    ['shop.example', 'shop.example', false, false],
    ['', '', false, false],
    ['null', 'null', false, false],
  ] as const;

  it.each(cases)('%j at the host %j, certainly TLS: %j, allowed: %j', (origin, host, secure, allowed) => {
    expect(isOriginAllowed({ origin, host }, secure)).toBe(allowed);
  });
});

describe('invalid options of @GatewaySession()', () => {
  it.each([
    [{ allowedOrigins: ['https://shop.example/'] }, 'allowedOrigins contains "https://shop.example/"'],
    [{ allowedOrigins: ['shop.example'] }, 'allowedOrigins contains "shop.example"'],
    [{ allowedOrigins: ['*'] }, 'allowedOrigins contains "*"'],
    [{ allowedOrigins: ['null'] }, 'allowedOrigins contains "null"'],
    [{ allowedOrigins: ['https://shop.example:443'] }, 'allowedOrigins contains "https://shop.example:443"'],
    [{ allowedOrigins: [/shop/] }, 'allowedOrigins contains a value of type object'],
    [
      { allowedOrigins: ['https://ada:secret@shop.example'] },
      'allowedOrigins contains a URL with a user name',
    ],
    [
      { allowedOrigins: 'https://shop.example' },
      'allowedOrigins is neither a list of origins nor a function',
    ],
    [{ checkEveryInSeconds: 0 }, 'checkEveryInSeconds is 0'],
    [{ checkEveryInSeconds: NaN }, 'checkEveryInSeconds is NaN'],
    [{ checkEveryInSeconds: 1e9 }, 'checkEveryInSeconds is 1000000000'],
  ])('%j fail the start', (options, fault) => {
    const decorate = (): unknown => GatewaySession(options as GatewaySessionOptions);

    expect(decorate).toThrow(SessionOptionsError);
    expect(decorate).toThrow(`@GatewaySession: ${fault}`);
  });

  it('origins of native applications can be listed', () => {
    expect(GatewaySession({ allowedOrigins: ['capacitor://localhost', 'http://[::1]:3000'] })).toBeDefined();
  });
});
