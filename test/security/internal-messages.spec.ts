import type { ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { Session, SessionError, SessionStoreUnavailableError } from 'nestjs-redis-session';
import { hideInternalMessages } from '../../lib/http/internal-messages.js';
import { platforms, startApp } from '../http/http-app.js';
import { RecordingStore } from '../http/recording.store.js';
import { type Shop, ShopController } from '../http/shop.controller.js';

const failure = new SessionStoreUnavailableError('save', 1, new Error('connect ECONNREFUSED 10.0.0.7:6379'));

@Controller('failing')
class FailingController {
  @Get(':way')
  answer(
    @Session() session: Session<Shop>,
    @Res() reply: ServerResponse & { raw?: ServerResponse; hijack?: () => void },
    @Param('way') way: string,
  ): void {
    session.item = 'coffee';
    if (way === 'hijacked') reply.hijack?.();
    (reply.raw ?? reply).end('never sent');
  }
}

describe.each(platforms)('what a client reads of an internal error, on %s', (platform) => {
  it.each([
    ['of an answer that the handler gave', 'GET', '/failing/raw', undefined],
    ['of an answer that left the framework', 'GET', '/failing/hijacked', undefined],
    // Express reads the body before middleware can touch the session.
    ...(platform === 'fastify'
      ? [['of an answer to another error', 'POST', '/session', '{not json'] as const]
      : []),
  ])('is the text of its status: %s', async (_what, method, path, body) => {
    const store = new RecordingStore();
    const app = await startApp(platform, {
      controllers: [ShopController, FailingController],
      options: { store },
      middleware: (consumer) =>
        void consumer
          .apply((request: { session: Session<Shop> }, _response: unknown, next: () => void) => {
            request.session.visits = 1;
            next();
          })
          .forRoutes('{*path}'),
    });
    store.failing = 'create';
    store.failure = failure;
    const answer = await app
      .browser()
      .request(method, path, { headers: { 'content-type': 'application/json' }, ...(body && { body }) });
    await app.close();
    expect(answer).toMatchObject({
      status: 503,
      text: JSON.stringify({ statusCode: 503, message: 'Service Unavailable' }),
    });
  });
});

describe('a filter that answers with the message of every error, as those of NestJS before 11.2.8', () => {
  const answers: unknown[] = [];
  const filter = {
    handleUnknownError(error: { statusCode: number; message: string }): void {
      answers.push([error.statusCode, error.message, error instanceof SessionError]);
    },
  };

  it('is given the text of the status', () => {
    hideInternalMessages(filter);
    hideInternalMessages(filter);
    filter.handleUnknownError(failure);
    filter.handleUnknownError(Object.assign(new Error('the application’s own'), { statusCode: 500 }));
    expect(answers).toEqual([
      [503, 'Service Unavailable', true],
      [500, 'the application’s own', false],
    ]);
  });
});
