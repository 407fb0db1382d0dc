import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as send } from 'node:http';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../http/http-app.js';
import { ChildProgram } from '../support/child-program.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

const VISITORS = 12;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly connection: string | undefined;
  readonly cookie: string | undefined;
}

describe.each(platforms)('SIGTERM under load, on %s', (platform) => {
  let server: RedisServer;
  let program: ChildProgram;
  let child: ChildProcess;
  let url: string;
  let entered: Set<string>;
  let agent: Agent;
  let applicationName: string;

  beforeAll(async () => {
    server = await RedisServer.start();
    program = new ChildProgram();
  });
  afterEach(() => {
    agent.destroy();
    child.kill('SIGKILL');
  });
  afterAll(async () => {
    program.remove();
    await server.stop();
  });

  async function start(shutdownTimeout: number): Promise<void> {
    applicationName = uniqueName('drain');
    entered = new Set();
    agent = new Agent({ keepAlive: true });
    const args = [platform, server.port, applicationName, shutdownTimeout].map(String);
    child = program.start('test/scenarios/drain-program.ts', ...args);
    child.on('message', (message: { entered?: string }) => {
      if (message.entered !== undefined) entered.add(message.entered);
    });
    [{ url }] = (await once(child, 'message')) as [{ url: string }];
  }

  async function post(path: string, name: string, cookie: string): Promise<Answer> {
    const request = send(url + path, { method: 'POST', agent, headers: { cookie, 'x-request': name } }).end();
    const [response] = await once(request, 'response');
    const { statusCode, headers } = response;
    const [set] = headers['set-cookie'] ?? [];
    return {
      status: statusCode,
      text: await text(response),
      connection: headers.connection,
      cookie: set?.split(';')[0],
    };
  }

  /** Counts, one request after the other, until one is refused. */
  async function visit(visitor: number, path: string, seen: Map<string, Answer | Error>) {
    let cookie = '';
    let last = 0;
    for (let turn = 0; ; turn++) {
      const name = `${visitor}.${turn}`;
      const answer = await post(path, name, cookie).catch((error: Error) => error);
      seen.set(name, answer);
      if (answer instanceof Error || answer.status !== 201) return { cookie, last };
      cookie = answer.cookie ?? cookie;
      last = Number(answer.text);
    }
  }

  const storedCount = async (cookie: string) => {
    const id = decodeURIComponent(cookie).slice('sid='.length).split('.')[0];
    return Number(await server.client().hget(`{${applicationName}_${id}}_Data`, 'n'));
  };
  const locks = async () =>
    (await server.client().keys(`*${applicationName}*`)).filter((key) => !key.endsWith('_Data'));

  it('answers and stores every request that has begun, refuses others, and the process ends by itself', async () => {
    await start(20_000);
    const exit = once(child, 'exit');
    const seen = new Map<string, Answer | Error>();
    const visits = Array.from({ length: VISITORS }, (_, visitor) =>
      visit(visitor, visitor % 2 ? '/increment' : '/exclusive', seen),
    );
    await eventually(() => expect(entered.size).toBeGreaterThan(5 * VISITORS));
    child.kill('SIGTERM');
    const ended = await Promise.all(visits);
    expect(await exit).toEqual([null, 'SIGTERM']);

    const failed = [...entered].filter((name) => (seen.get(name) as Answer).status !== 201);
    expect(failed.map((name) => seen.get(name))).toEqual([]);
    expect(await Promise.all(ended.map(({ cookie }) => storedCount(cookie)))).toEqual(
      ended.map(({ last }) => last),
    );
    expect(await locks()).toEqual([]);
    await expect(post('/increment', 'late', '')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('ends a request that never ends when its time is over, and releases its lock', async () => {
    await start(500);
    const exit = once(child, 'exit');
    const { cookie } = await post('/increment', 'first', '');
    const hanging = post('/hang', 'hang', cookie!).catch((error: Error) => error);
    await eventually(() => expect(entered).toContain('hang'));
    const waiting = post('/hang', 'second', cookie!).catch((error: Error) => error);
    // Behind it, so that it has reached its turn.
    await post('/increment', 'third', cookie!);
    expect(await locks()).not.toEqual([]);
    child.kill('SIGTERM');
    expect(await Promise.all([hanging, waiting])).toMatchObject([
      { code: 'ECONNRESET' },
      { code: 'ECONNRESET' },
    ]);
    expect(await exit).toEqual([null, 'SIGTERM']);
    expect(entered).not.toContain('second');
    expect(await locks()).toEqual([]);
  });

  it('tells the clients of requests under way to leave the connection', async () => {
    await start(20_000);
    const exit = once(child, 'exit');
    const held = post('/hold', 'held', '');
    await eventually(() => expect(entered).toContain('held'));
    child.kill('SIGTERM');
    // Once the server takes no connections, it is shutting down.
    await eventually(() => expect(fetch(url, { method: 'HEAD' })).rejects.toThrow('fetch failed'));
    child.send('leave');
    const { status, connection, cookie } = await held;
    expect([status, connection]).toEqual([201, 'close']);
    expect(await storedCount(cookie!)).toBe(1);
    expect(await exit).toEqual([null, 'SIGTERM']);
  });
});

describe('SIGTERM under a request of HTTP/2 that never ends', () => {
  it('ends it when its time is over', async () => {
    const server = await RedisServer.start();
    const program = new ChildProgram();
    const args = ['http2', server.port, uniqueName('drain'), 500].map(String);
    const child = program.start('test/scenarios/drain-program.ts', ...args);
    try {
      const [{ url }] = (await once(child, 'message')) as [{ url: string }];
      const session = connect(url).on('error', () => undefined);
      const stream = session.request({ ':method': 'POST', ':path': '/hold', 'x-request': 'held' });
      stream.on('error', () => undefined).end();
      await once(child, 'message');
      const closed = once(stream, 'close');
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
      await closed;
    } finally {
      child.kill('SIGKILL');
      program.remove();
      await server.stop();
    }
  });
});
