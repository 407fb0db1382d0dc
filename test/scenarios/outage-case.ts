import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { Session, type SessionVerbs } from 'nestjs-redis-session';
import { startApp, type Platform } from '../http/http-app.js';
import { eventually } from '../support/eventually.js';
import type { Browser, BrowserResponse } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

export type Fault = 'stopped' | 'frozen' | 'black-holed';

/** An application with these options, and a way in which its Redis is away. */
export interface OutageCase {
  platform: Platform;
  fault: Fault;
  throwOnError: boolean;
  retry: number;
}

export interface Measured {
  status: number;
  milliseconds: number;
  text: string;
  setCookies: number;
}

/** What a visitor observed during the outage and after it. */
export interface OutageResult extends OutageCase {
  /** Redis is away before the request, so the session cannot be loaded. */
  load: Measured;
  /** Redis goes away during the handler, so the session cannot be stored. */
  save: Measured;
  /** Milliseconds from the end of each fault until the visitor's session is back, and its counter. */
  back: { milliseconds: number; n: unknown }[];
}

export const OPERATION_TIMEOUT = 150;

interface Counter extends SessionVerbs {
  n?: number;
}

const BEFORE_SAVE = 'before save';

@Controller()
class CounterController {
  constructor(@Inject(BEFORE_SAVE) private readonly hooks: { run: () => Promise<void> }) {}

  @Get('read')
  read(@Session() session: Counter) {
    return { n: session.n ?? null, lastException: session.lastException?.message ?? null };
  }

  @Post('write')
  @HttpCode(200)
  async write(@Session() session: Counter) {
    session.n = (session.n ?? 0) + 1;
    await this.hooks.run();
    return { n: session.n };
  }
}

/** Takes Redis away from an application twice and measures its requests. */
export async function measureOutage(given: OutageCase): Promise<OutageResult> {
  // Written at once, so that a killed server still has its sessions after the restart.
  const server = await RedisServer.start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const proxy = await TcpProxy.start(server.port);
  const hooks = { run: async () => undefined as void };
  const app = await startApp(given.platform, {
    controllers: [CounterController],
    providers: [{ provide: BEFORE_SAVE, useValue: hooks }],
    options: {
      store: 'redis',
      port: proxy.port,
      throwOnError: given.throwOnError,
      retryTimeoutInMilliseconds: given.retry,
      operationTimeoutInMilliseconds: OPERATION_TIMEOUT,
      connectionTimeoutInMilliseconds: 400,
    },
  });
  const { begin, end } = faults(given.fault, server, proxy);
  try {
    const browser = app.browser();
    // On a loaded machine even this can exceed the operation timeout.
    await eventually(async () => (await browser.post('/write')).setCookies.length === 1);

    await begin();
    const load = await measure(() => browser.get('/read'));
    await end();
    const back = [await whenBack(browser)];

    hooks.run = begin;
    const save = await measure(() => browser.post('/write'));
    hooks.run = async () => undefined;
    await end();
    back.push(await whenBack(browser));
    return { ...given, load, save, back };
  } finally {
    await end();
    await app.close();
    await proxy.stop();
    await server.stop();
  }
}

function faults(fault: Fault, server: RedisServer, proxy: TcpProxy) {
  return {
    stopped: {
      begin: () => server.kill(),
      end: async () => (server.running ? undefined : server.restart()),
    },
    frozen: { begin: async () => server.freeze(), end: async () => server.thaw() },
    'black-holed': { begin: async () => proxy.blackhole(), end: () => proxy.reset() },
  }[fault];
}

async function measure(request: () => Promise<BrowserResponse>): Promise<Measured> {
  const startedAt = performance.now();
  const { status, text, setCookies } = await request();
  return {
    status,
    text,
    setCookies: setCookies.length,
    milliseconds: Math.round(performance.now() - startedAt),
  };
}

async function whenBack(browser: Browser): Promise<{ milliseconds: number; n: unknown }> {
  const startedAt = performance.now();
  const n = await eventually(
    async () => {
      const answer = await browser.get('/read');
      const { n: value } = answer.json() as { n: unknown };
      if (answer.status !== 200 || value === null) throw new Error(`Still ${answer.status}: ${answer.text}`);
      return { value };
    },
    { within: 10_000 },
  );
  return { milliseconds: Math.round(performance.now() - startedAt), n: n.value };
}
