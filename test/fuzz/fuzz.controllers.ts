import {
  All,
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpException,
  Post,
  Req,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { MessageBody } from '@nestjs/websockets';
import { Session, SessionState } from 'nestjs-redis-session';
import { GatewaySession } from 'nestjs-redis-session/websockets';

type AnySession = Session<Record<string, unknown>>;

interface SessionRequest {
  readonly session?: AnySession | undefined;
}

/** What a handler tells of the session that it was given. */
export interface Told {
  readonly route: 'shop' | 'public' | 'admin' | 'api';
  readonly id?: string | undefined;
  readonly isNew?: boolean | undefined;
  readonly owner?: unknown;
  readonly attributes?: object | undefined;
}

function tell(route: Told['route'], session: AnySession | undefined): Told {
  if (session === undefined) return { route };
  return { route, id: session.id, isNew: session.isNew, owner: session.owner, attributes: { ...session } };
}

@Controller()
export class ShopController {
  @Get('shop/read') read(@Req() { session }: SessionRequest): Told {
    return tell('shop', session);
  }

  @Post('shop/write') write(@Req() { session }: SessionRequest, @Body() body: object): Told {
    if (session) session.written = body ?? null;
    return tell('shop', session);
  }

  @Post('shop/locked')
  @SessionState('exclusive')
  locked(@Req() { session }: SessionRequest): Told {
    if (session) session.count = Number(session.count ?? 0) + 1;
    return tell('shop', session);
  }

  @All('shop/public') open(@Req() request: SessionRequest): Told {
    return tell('public', sessionIn(request));
  }

  @All('shop/cart/*') cart(@Req() { session }: SessionRequest): Told {
    return tell('shop', session);
  }
}

@Controller('admin')
export class AdminController {
  @All('users') users(@Req() request: SessionRequest): Told {
    return tell('admin', sessionIn(request));
  }

  @All('files/*') files(@Req() request: SessionRequest): Told {
    return tell('admin', sessionIn(request));
  }
}

@Controller('api')
export class ApiController {
  @All('me') me(@Req() request: SessionRequest): Told {
    return tell('api', sessionIn(request));
  }
}

@WebSocketGateway()
@GatewaySession()
export class FuzzGateway {
  @SubscribeMessage('say') say(@Session() session: AnySession, @MessageBody() text: unknown): object {
    session.said = text ?? null;
    return { event: 'said', data: { ...session } };
  }

  @SubscribeMessage('probe') probe(@Session() session: AnySession): object {
    return { event: 'probed', data: { ...session } };
  }
}

/** Says what an error was, so that each 5xx has a cause. */
@Catch()
export class CauseFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') return;
    const { httpAdapter } = this.host;
    const response: unknown = host.switchToHttp().getResponse();
    if (!httpAdapter.isHeadersSent(response))
      httpAdapter.reply(response, { cause: causeOf(error) }, statusOf(error));
  }
}

// A request that no registration has for certain has no session, and says so by an error.
function sessionIn(request: SessionRequest): AnySession | undefined {
  try {
    return request.session;
  } catch {
    return undefined;
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  return (error as { statusCode?: number } | null)?.statusCode ?? 500;
}

function causeOf(error: unknown): string {
  const { cause } = (error ?? {}) as { cause?: { code?: string } };
  const { code, name, message } = (error ?? {}) as { code?: string; name?: string; message?: string };
  return cause?.code ?? code ?? `${name}: ${message}`;
}
