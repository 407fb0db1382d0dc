import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Post, UseFilters } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Mutation, Resolver } from '@nestjs/graphql';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { InMemorySessionStore, RequireRecentAuthentication, Session } from 'nestjs-redis-session';
import { GatewaySession, MessageSessionGuard } from 'nestjs-redis-session/websockets';
import { combinations, useAdapter } from './chat-app.js';
import { ChatClient } from './chat-client.js';
import { ExceptionsToWs } from './exceptions-to-ws.js';
import { platforms, sessionsInMemory, startNest, type NestApp } from './nest-app.js';

// mercurius requires it for its GraphiQL page, and it requires an ES module, which Jest can't before Node 24.9.
jest.mock('@fastify/static', () => () => undefined);
const { graphql, PageResolver } = await import('./graphql-app.js');

const FIVE_MINUTES = { seconds: 300 };
const SIX_MINUTES_MS = 360_000;
const MESSAGE = 'This needs an authentication in the last 300 seconds. Authenticate again.';

@Controller()
class LoginController {
  @Post('login')
  login(@Session() session: Session<{ user: string }>): void {
    session.user = 'ada';
  }
}

@Resolver()
class CheckoutResolver {
  @Mutation(() => String)
  @RequireRecentAuthentication(FIVE_MINUTES)
  checkout(): string {
    return 'paid';
  }
}

@WebSocketGateway()
@UseFilters(ExceptionsToWs)
@GatewaySession()
class CheckoutGateway {
  @SubscribeMessage('checkout')
  @RequireRecentAuthentication(FIVE_MINUTES)
  checkout(): object {
    return { event: 'checkout', data: 'paid' };
  }

  @SubscribeMessage('open')
  open(): object {
    return { event: 'open', data: 'to all' };
  }
}

@WebSocketGateway()
@UseFilters(ExceptionsToWs)
@RequireRecentAuthentication(FIVE_MINUTES)
@GatewaySession()
class RecentGateway {
  @SubscribeMessage('checkout')
  checkout(): object {
    return { event: 'checkout', data: 'paid' };
  }
}

let app: NestApp;
let now = 0;
afterEach(() => app.close());

/** The sessions of an application whose store was asked `ago` milliseconds ago. */
function sessionsFrom(ago: number) {
  now = Date.now() - ago;
  return sessionsInMemory({ store: new InMemorySessionStore({ now: () => now }) });
}

describe.each(platforms)('@RequireRecentAuthentication() on a resolver, on %s', (platform) => {
  async function checkout(ago: number) {
    app = await startNest(platform, {
      imports: [sessionsFrom(ago), graphql(platform)],
      controllers: [LoginController],
      providers: [PageResolver, CheckoutResolver],
    });
    const visitor = app.browser();
    await visitor.post('/login');
    return visitor.post('/graphql', { query: 'mutation { checkout }' });
  }

  it('passes if the user has just authenticated', async () => {
    expect((await checkout(0)).json()).toEqual({ data: { checkout: 'paid' } });
  });

  it('answers with the error and the challenge if that is too long ago', async () => {
    const { headers, json } = await checkout(SIX_MINUTES_MS);
    const told = { code: 'SESSION_RECENT_AUTHENTICATION_REQUIRED', maxAge: 300 };
    // Apollo's code is its own, by the status.
    const extensions = platform === 'fastify' ? told : { code: 'UNAUTHENTICATED', originalError: told };
    expect(json()).toMatchObject({ data: null, errors: [{ message: MESSAGE, extensions }] });
    expect(headers['www-authenticate']).toMatch(/^Session error="insufficient_user_authentication", /);
  });
});

describe.each(combinations)(
  '@RequireRecentAuthentication() in a gateway of $library on $platform',
  ({ library, platform }) => {
    const globalGuard = { provide: APP_GUARD, useClass: MessageSessionGuard };

    async function ask(ago: number, event: string, gateway: new () => object, providers: object[] = []) {
      app = await startNest(
        platform,
        {
          imports: [sessionsFrom(ago)],
          controllers: [LoginController],
          providers: [gateway, ...(providers as never[])],
        },
        (nest) => useAdapter(nest, library),
      );
      const visitor = app.browser();
      await visitor.post('/login');
      const socket = await ChatClient.open(library, app.url, visitor.cookie('sid'));
      const answer = await socket.ask(event);
      socket.close();
      return answer;
    }

    const paid = { event: 'checkout', data: 'paid' };
    const refusal = {
      event: 'exception',
      data: {
        status: 'error',
        code: 'SESSION_RECENT_AUTHENTICATION_REQUIRED',
        message: MESSAGE,
        maxAge: 300,
      },
    };

    it.each([
      ['a handler', CheckoutGateway, []],
      ['the whole gateway', RecentGateway, []],
      ['a handler behind a global guard', CheckoutGateway, [globalGuard]],
    ])('applies to the messages of %s', async (_, gateway, providers) => {
      expect(await ask(0, 'checkout', gateway, providers)).toEqual(paid);
      await app.close();
      expect(await ask(SIX_MINUTES_MS, 'checkout', gateway, providers)).toEqual(refusal);
    });

    it('leaves the other messages', async () => {
      expect(await ask(SIX_MINUTES_MS, 'open', CheckoutGateway)).toEqual({ event: 'open', data: 'to all' });
    });
  },
);
