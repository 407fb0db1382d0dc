import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { ExternalContextCreator, NestFactory } from '@nestjs/core';
import {
  Session,
  SessionRepository,
  SessionState,
  type RedisSessionModuleOptions,
} from 'nestjs-redis-session';
import { setTimeout as nextTurn } from 'node:timers/promises';
import { config } from 'rxjs';
import { sessionsInMemory } from './nest-app.js';

// Where createParamDecorator() stores its parameters.
const PARAMETERS = '__routeArguments__';

@Injectable()
class OrderListener {
  @SessionState('exclusive')
  placed(order: string): string {
    return `${order} is placed`;
  }

  withSession(@Session() session: Session): Session {
    return session;
  }
}

/** Calls a handler as packages for other transports do: with the guards, pipes and interceptors of Nest. */
async function call(
  contextType: string,
  method: 'placed' | 'withSession',
  options: RedisSessionModuleOptions,
): Promise<unknown> {
  @Module({ imports: [sessionsInMemory(options)], providers: [OrderListener] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  try {
    const listener = app.get(OrderListener);
    const handler = app
      .get(ExternalContextCreator)
      .create(
        listener,
        listener[method] as (...args: unknown[]) => unknown,
        method,
        PARAMETERS,
        { exchangeKeyForValue: () => undefined },
        undefined,
        undefined,
        undefined,
        contextType,
      );
    return await (handler as (...args: unknown[]) => unknown)('order 7');
  } finally {
    await app.close();
  }
}

describe.each(['rpc', 'necord'])('a handler of another transport (%s)', (contextType) => {
  it.each(['request', 'interceptor'] as const)(
    'is called without a session, hydrate: %s',
    async (hydrate) => {
      expect(await call(contextType, 'placed', { hydrate })).toBe('order 7 is placed');
    },
  );

  it('gets an error that there are no sessions', async () => {
    await expect(call(contextType, 'withSession', {})).rejects.toMatchObject({
      code: 'SESSION_MISSING',
      message: 'There are no sessions in this context.',
    });
  });
});

describe('a standalone application', () => {
  it('works with sessions through the repository', async () => {
    @Module({ imports: [sessionsInMemory()] })
    class JobModule {}
    const unhandled = jest.fn();
    config.onUnhandledError = unhandled;
    const app = await NestFactory.createApplicationContext(JobModule, { logger: false, abortOnError: false });
    try {
      const sessions = app.get(SessionRepository);
      const session = sessions.create<{ notice: string }>();
      session.notice = 'Your order was sent.';
      await sessions.save(session);

      expect(await sessions.find(session.id)).toMatchObject({ notice: 'Your order was sent.' });
      // An error inside a subscription of Nest is reported one turn later.
      await nextTurn();
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      config.onUnhandledError = null;
      await app.close();
    }
  });
});
