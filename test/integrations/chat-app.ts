import {
  Controller,
  ForbiddenException,
  Get,
  Post,
  UseFilters,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
} from '@nestjs/websockets';
import { Session, sessionFromContext, SessionState } from 'nestjs-redis-session';
import { GatewaySession, type GatewaySessionOptions } from 'nestjs-redis-session/websockets';
import { from } from 'rxjs';
import { barrier } from '../support/barrier.js';
import { ExceptionsToWs } from './exceptions-to-ws.js';
import { platforms } from './nest-app.js';

export interface Visitor {
  name: string;
  said: string[];
  count: number;
  left: boolean;
  right: boolean;
}

@Controller()
export class VisitorController {
  @Post('login')
  login(@Session() session: Session<Visitor>): void {
    session.name = 'ada';
  }

  @Post('rename')
  rename(@Session() session: Session<Visitor>): void {
    session.name = 'grace';
  }

  @Post('rotate')
  rotate(@Session() session: Session<Visitor>): void {
    session.rotate();
  }

  @Post('logout')
  async logout(@Session() session: Session<Visitor>): Promise<void> {
    await session.destroy();
  }

  @Get('me')
  me(@Session() session: Session<Visitor>): Session<Visitor> {
    return session;
  }
}

class NamedGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return sessionFromContext<Visitor>(context).name !== undefined;
  }
}

/** The sockets that the gateway's own `handleConnection` was called with. */
export const connections: unknown[] = [];

/** The sockets that its `handleDisconnect` was called with. */
export const disconnections: unknown[] = [];

/** Two messages that are handled at the same time. */
export const together = { meet: barrier(2) };

/** The gateway of a chat, as a separate class for each option. */
export function chatGateway(options?: GatewaySessionOptions): new () => object {
  @WebSocketGateway()
  @UseFilters(ExceptionsToWs)
  @GatewaySession(options)
  class ChatGateway implements OnGatewayConnection, OnGatewayDisconnect {
    handleConnection(client: unknown): void {
      connections.push(client);
    }

    handleDisconnect(client: unknown): void {
      disconnections.push(client);
    }

    @SubscribeMessage('name')
    name(@Session('name') name: string | undefined): object {
      return { event: 'name', data: name ?? null };
    }

    @SubscribeMessage('say')
    say(@Session() session: Session<Visitor>, @MessageBody() text: string): object {
      session.said = [...(session.said ?? []), text];
      return { event: 'say', data: session.said };
    }

    @SubscribeMessage('members-only')
    @UseGuards(NamedGuard)
    membersOnly(): object {
      return { event: 'members-only', data: 'welcome' };
    }

    @SubscribeMessage('refuse')
    refuse(@Session() session: Session<Visitor>): void {
      session.said = ['a refusal'];
      throw new WsException('Not now');
    }

    @SubscribeMessage('forbid')
    forbid(@Session() session: Session<Visitor>): void {
      session.said = ['a refusal'];
      throw new ForbiddenException();
    }

    @SubscribeMessage('crash')
    crash(@Session() session: Session<Visitor>): void {
      session.said = ['a crash'];
      throw new Error('Out of order');
    }

    @SubscribeMessage('stream')
    stream(@Session() session: Session<Visitor>): unknown {
      session.said = ['a stream'];
      return from([1, 2].map((data) => ({ event: 'stream', data })));
    }

    @SubscribeMessage('left')
    async left(@Session() session: Session<Visitor>): Promise<object> {
      await together.meet();
      session.left = true;
      return { event: 'left', data: true };
    }

    @SubscribeMessage('right')
    async right(@Session() session: Session<Visitor>): Promise<object> {
      await together.meet();
      session.right = true;
      return { event: 'right', data: true };
    }

    @SubscribeMessage('count')
    @SessionState('exclusive')
    async count(@Session() session: Session<Visitor>): Promise<object> {
      const { count = 0 } = session;
      await new Promise((resolve) => setImmediate(resolve));
      session.count = count + 1;
      return { event: 'count', data: session.count };
    }

    @SubscribeMessage('look')
    @SessionState('read-only')
    look(@Session() session: Session<Visitor>): void {
      session.said = ['a write'];
    }

    @SubscribeMessage('rotate')
    rotate(@Session() session: Session<Visitor>): void {
      session.rotate();
    }

    @SubscribeMessage('logout')
    async logout(@Session() session: Session<Visitor>): Promise<object> {
      await session.destroy();
      return { event: 'logout', data: true };
    }
  }
  return ChatGateway;
}

export type Library = 'socket.io' | 'ws';

/** Each library on each platform. */
export const combinations = (['socket.io', 'ws'] as const).flatMap((library) =>
  platforms.map((platform) => ({ library, platform })),
);

export function useAdapter(app: INestApplication, library: Library): void {
  app.useWebSocketAdapter(library === 'ws' ? new WsAdapter(app) : new IoAdapter(app));
}
