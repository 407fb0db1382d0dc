import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger, UseFilters, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { Test } from '@nestjs/testing';
import { Session, SessionMissingError } from 'nestjs-redis-session';
import { GatewaySession } from 'nestjs-redis-session/websockets';
import { combinations, useAdapter, type Visitor } from './chat-app.js';
import { ChatClient } from './chat-client.js';
import { sessionsInMemory, startNest, type NestApp } from './nest-app.js';

const caught: unknown[] = [];
class Catching implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    caught.push(error);
    const client = host.switchToWs().getClient<{ send(data: unknown): void; emit?: unknown }>();
    client.send(JSON.stringify({ event: 'failed' }));
  }
}

@WebSocketGateway()
@UseFilters(Catching)
@GatewaySession({ closeOnSessionEnd: true })
class ChatGateway implements OnGatewayConnection {
  connected = 0;

  handleConnection(): void {
    this.connected++;
  }

  @SubscribeMessage('name')
  name(@Session() session: Session<Visitor>): object {
    return { event: 'name', data: session.name };
  }
}

@WebSocketGateway()
@GatewaySession({ name: 'amdin' })
class MistypedGateway {}

describe('a gateway in a test that does not import the module', () => {
  it('is made, and its methods take any object as a session', async () => {
    const module = await Test.createTestingModule({ providers: [ChatGateway] }).compile();
    const gateway = module.get(ChatGateway);
    gateway.handleConnection();
    expect(gateway.connected).toBe(1);
    expect(gateway.name({ name: 'ada' } as Session<Visitor>)).toEqual({ event: 'name', data: 'ada' });
    await module.close();
  });
});

describe.each(combinations)('a gateway of $library on $platform', ({ library, platform }) => {
  let app: NestApp | undefined;
  let socket: ChatClient | undefined;

  beforeEach(() => {
    caught.length = 0;
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    socket?.close();
    await app?.close();
    app = socket = undefined;
  });

  it('answers messages with a SessionMissingError if the application does not import the module', async () => {
    app = await startNest(platform, { providers: [ChatGateway] }, (nest) => useAdapter(nest, library));
    socket = await ChatClient.open(library, app.url, undefined);
    socket.send('name');
    await socket.next();
    expect(caught).toEqual([expect.any(SessionMissingError)]);
    expect(String(caught[0])).toContain('does not import RedisSessionModule');
  });

  it('stops the start if no registration has its name', async () => {
    const metadata = { imports: [sessionsInMemory()], providers: [MistypedGateway] };
    await expect(startNest(platform, metadata, (nest) => useAdapter(nest, library))).rejects.toMatchObject({
      code: 'SESSION_OPTIONS',
      faults: [
        'MistypedGateway names the registration "amdin", which does not exist (registrations: without a name). Change the name, or add it to a RedisSessionModule.forRoot().',
      ],
    });
  });
});
