import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, type ModuleMetadata, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { createRequire } from 'node:module';
import { BaseWsExceptionFilter, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CrossSiteGuard,
  InMemorySessionStore,
  SessionRepository,
  SessionMissingError,
} from 'nestjs-redis-session';
import { GuardsModule, MembersOnly } from '../readme/global-guard.js';
import { eventually } from '../support/eventually.js';
import { chatGateway, combinations, useAdapter, type Visitor } from './chat-app.js';
import { ChatClient } from './chat-client.js';
import { sessionsInMemory, startNest, type NestApp } from './nest-app.js';

// NestJS calls global guards for messages since version 12.
const { version } = createRequire(import.meta.url)('@nestjs/core/package.json') as { version: string };
const describeIfCalled = Number.parseInt(version, 10) >= 12 ? describe : describe.skip;

const failure = { event: 'exception', data: { status: 'error', message: 'Internal server error' } };
const { logger } = BaseWsExceptionFilter as unknown as { logger: Console };

@WebSocketGateway()
class NewsGateway {
  @SubscribeMessage('news')
  news(): object {
    return { event: 'news', data: 'none' };
  }
}

@Controller()
class FrontPage {
  @Get('front')
  front(): string {
    return 'page';
  }
}

describe.each(combinations)('CrossSiteGuard as a global guard, with $library on $platform', (on) => {
  it('passes messages: the origin was checked when the socket opened', async () => {
    const metadata = {
      imports: [sessionsInMemory()],
      providers: [chatGateway(), { provide: APP_GUARD, useClass: CrossSiteGuard }],
    };
    const app = await startNest(on.platform, metadata, (nest) => useAdapter(nest, on.library));
    const socket = await ChatClient.open(on.library, app.url, undefined);
    expect(await socket.ask('name')).toEqual({ event: 'name', data: null });
    socket.close();
    await app.close();
  });
});

describe.each(combinations)('a global guard that reads the session, with $library on $platform', (on) => {
  const sockets: ChatClient[] = [];
  let app: NestApp;
  let store: InMemorySessionStore;
  let logged: jest.Spied<Console['error']>;
  beforeEach(() => {
    logged = jest.spyOn(logger, 'error').mockReset();
  });
  afterEach(async () => {
    sockets.splice(0).forEach((socket) => socket.close());
    await app.close();
  });

  async function start(gateway: Type, guards: ModuleMetadata): Promise<string> {
    store = new InMemorySessionStore();
    const imports = [sessionsInMemory({ store }), ...(guards.imports ?? [])];
    const providers = [gateway, ...(guards.providers ?? [])];
    const metadata = { imports, controllers: [FrontPage], providers };
    app = await startNest(on.platform, metadata, (nest) => useAdapter(nest, on.library));
    const sessions = app.app.get(SessionRepository, { strict: false });
    const session = sessions.create<Visitor>();
    session.name = 'ada';
    await sessions.save(session);
    return sessions.credentialOf(session)!;
  }

  async function connect(cookie?: string): Promise<ChatClient> {
    const socket = await ChatClient.open(on.library, app.url, cookie);
    sockets.push(socket);
    return socket;
  }

  describe('after MessageSessionGuard', () => {
    it('reads the session of a message, which is loaded once', async () => {
      const cookie = await start(chatGateway(), { imports: [GuardsModule] });
      const member = await connect(cookie);
      await member.ask('name');
      const loads = jest.spyOn(store, 'load');

      expect(await member.ask('name')).toEqual({ event: 'name', data: 'ada' });
      expect(loads).toHaveBeenCalledTimes(1);
    });

    describeIfCalled('that NestJS calls for messages', () => {
      it('refuses visitors without a session, by socket and by HTTP', async () => {
        await start(chatGateway(), { imports: [GuardsModule] });

        expect(await (await connect()).ask('name')).toMatchObject({
          event: 'exception',
          data: { message: 'Forbidden resource' },
        });
        expect((await app.browser().get('/front')).status).toBe(403);
      });

      it('refuses everybody in a gateway without sessions, with the reason', async () => {
        const cookie = await start(NewsGateway, { imports: [GuardsModule] });
        const socket = await connect(cookie);

        socket.send('news');

        await eventually(() => expect(logged.mock.lastCall).toEqual([expect.any(SessionMissingError)]));
      });
    });
  });

  describeIfCalled('that NestJS calls for messages', () => {
    it('gets an error with the remedy if it runs first', async () => {
      const cookie = await start(chatGateway(), {
        providers: [{ provide: APP_GUARD, useClass: MembersOnly }],
      });

      expect(await (await connect(cookie)).ask('name')).toMatchObject(failure);
      expect(logged.mock.lastCall).toEqual([
        expect.objectContaining({
          message:
            'The session of this message is not loaded yet. If a global guard reads it, make MessageSessionGuard of nestjs-redis-session/websockets the first global guard ({ provide: APP_GUARD, useClass: MessageSessionGuard }): global guards run before those of a gateway. If a guard of the gateway reads it, write @GatewaySession() below @UseGuards(), right above the class.',
        }),
      ]);
    });
  });
});
