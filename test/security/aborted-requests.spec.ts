import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Post } from '@nestjs/common';
import { deferred, type Deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { RecordingStore } from '../http/recording.store.js';
import { ShopController } from '../http/shop.controller.js';

let bodies: unknown[];

@Controller('orders')
class OrdersController {
  @Post()
  order(@Body() body: unknown): void {
    bodies.push(body);
  }
}

/** Loads wait for this. */
let gate: Deferred<void> | undefined;
let asked: Deferred<void>;

class SlowStore extends RecordingStore {
  override async load(id: string) {
    asked.resolve();
    await gate?.promise;
    return super.load(id);
  }
}

describe.each(platforms)('a client that disconnects while its session is loaded, on %s', (platform) => {
  let app: HttpApp;
  beforeEach(async () => {
    bodies = [];
    gate = undefined;
    asked = deferred();
    app = await startApp(platform, {
      controllers: [ShopController, OrdersController],
      options: { store: new SlowStore() },
    });
  });
  afterEach(() => app.close());

  it.each([
    ['in the middle of a body', 'content-type: application/json\r\ncontent-length: 20\r\n\r\n{"item":'],
    ['without a body', 'content-length: 0\r\n\r\n'],
  ])('causes no handler to run: %s', async (_when, rest) => {
    const browser = app.browser();
    await browser.post('/session', { item: 'tea' });
    asked = deferred();
    gate = deferred();
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.write(`POST /orders HTTP/1.1\r\nhost: a\r\ncookie: sid=${browser.cookie('sid')}\r\n${rest}`);
    await asked.promise;
    socket.destroy();
    const server = app.app.getHttpServer() as { getConnections(done: (e: unknown, n: number) => void): void };
    await eventually(
      async () => (await new Promise((resolve) => server.getConnections((_error, n) => resolve(n)))) === 0,
    );
    gate.resolve();
    expect((await browser.post('/orders', { item: 'coffee' })).status).toBe(201);
    expect(bodies).toEqual([{ item: 'coffee' }]);
  });
});
