import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post } from '@nestjs/common';
import type { Server } from 'node:http';
import { Session } from 'nestjs-redis-session';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';

const OPERATION_TIMEOUT = 1000;
const REQUESTS = 50;

/** Counts requests or handlers, and stalls the event loop in the turn of one of them. */
class Countdown {
  #left = 0;

  stallAfter(count: number): void {
    this.#left = count;
  }

  // Once the commands of this turn have been sent.
  readonly count = (): void => {
    this.#left -= 1;
    if (this.#left === 0) setImmediate(stall);
  };
}

/** Blocks the event loop for longer than an operation may take. */
function stall(): void {
  const until = performance.now() + 1.5 * OPERATION_TIMEOUT;
  while (performance.now() < until);
}

const requests = new Countdown();
const handlers = new Countdown();

@Controller()
class Shops {
  @Post()
  put(@Session() session: Session<Record<string, string>>, @Body() item: Record<string, string>): void {
    Object.assign(session, item);
    handlers.count();
  }

  @Get()
  show(@Session() session: Session): object {
    return { ...session };
  }
}

describe.each(platforms)('when the event loop stalls while %s serves requests', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  beforeAll(async () => {
    server = await RedisServer.start();
    app = await startApp(platform, {
      controllers: [Shops],
      options: { store: 'redis', port: server.port, operationTimeoutInMilliseconds: OPERATION_TIMEOUT },
    });
    (app.app.getHttpServer() as Server).prependListener('request', requests.count);
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });
  it.each([
    ['loaded', requests],
    ['stored', handlers],
  ])('no request fails, and every change is stored, if sessions are being %s', async (_what, countdown) => {
    const browser = app.browser();
    await browser.post('/', { first: 'tea' });
    const items = Array.from({ length: REQUESTS }, (_, n) => [`item${n}`, 'cake'] as const);
    countdown.stallAfter(REQUESTS / 2);
    const answers = await Promise.all(items.map(([name, item]) => browser.post('/', { [name]: item })));
    expect(answers.map(({ status }) => status)).toEqual(items.map(() => 201));
    expect((await browser.get('/')).json()).toEqual({ first: 'tea', ...Object.fromEntries(items) });
  });
});
