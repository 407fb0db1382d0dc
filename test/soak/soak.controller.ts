import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  GoneException,
  HttpException,
  Post,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type Session as SessionObject, Session, SessionError, SessionState } from 'nestjs-redis-session';

type AnySession = SessionObject<Record<string, unknown>>;

/** What a request saw of its session, after what it did there. */
export interface Sight {
  readonly id: string;
  readonly idle: number;
  readonly attributes: Record<string, unknown>;
}

/** Says which error it was, so that the checker need not guess. */
@Catch(SessionError, HttpException)
export class SessionErrorFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: SessionError | HttpException, host: ArgumentsHost): void {
    const response: unknown = host.switchToHttp().getResponse();
    // What ends a request after its handler comes from Nest 12 as an HttpException with the error as its cause.
    const code = [error, error.cause].find((one) => one instanceof SessionError)?.code;
    const status = error instanceof SessionError ? error.statusCode : error.getStatus();
    this.host.httpAdapter.reply(response, { code, message: error.message }, status);
  }
}

/** One route for each thing that a visitor does with a session. */
@Controller()
export class SoakController {
  @Post('create')
  create(@Session() session: AnySession, @Body() { label, idle }: { label: string; idle?: number }): Sight {
    if (!session.isNew) throw new Error('A request without a credential has a session.');
    session.label = label;
    if (idle !== undefined) session.idleTimeoutInSeconds = idle;
    return sight(session);
  }

  @Get('read')
  @SessionState('read-only')
  read(@Session() session: AnySession): Sight {
    return sight(there(session));
  }

  @Post('set')
  set(@Session() session: AnySession, @Body() attributes: Record<string, unknown>): Sight {
    assign(there(session), attributes);
    return sight(session);
  }

  @Post('push')
  push(@Session() session: AnySession, @Body() { name, item }: { name: string; item: string }): Sight {
    const list = (there(session)[name] ??= []) as string[];
    list.push(item);
    return sight(session);
  }

  /** Stores one half itself, the other at the end of the request. */
  @Post('save')
  async save(
    @Session() session: AnySession,
    @Body() body: { first: object; second: object },
  ): Promise<Sight> {
    Object.assign(there(session), body.first);
    await session.save();
    Object.assign(session, body.second);
    return sight(session);
  }

  @Post('increment')
  @SessionState('exclusive')
  async increment(@Session() session: AnySession, @Body() { hold }: { hold: number }): Promise<Sight> {
    const count = Number(there(session).count ?? 0);
    if (hold > 0) await sleep(hold);
    session.count = count + 1;
    return sight(session);
  }

  @Post('rotate')
  rotate(@Session() session: AnySession, @Body() attributes: Record<string, unknown>): Sight {
    there(session).rotate();
    assign(session, attributes);
    return sight(session);
  }

  @Post('regenerate')
  async regenerate(@Session() session: AnySession, @Body() attributes: object): Promise<Sight> {
    const next = (await there(session).regenerate()) as AnySession;
    Object.assign(next, attributes);
    return sight(next);
  }

  @Post('destroy')
  async destroy(@Session() session: AnySession): Promise<Sight> {
    await there(session).destroy();
    return sight(session);
  }
}

// A presented credential opened nothing: the visitor is told so, and nothing is stored.
function there(session: AnySession): AnySession {
  if (session.isNew) throw new GoneException();
  return session;
}

function assign(session: AnySession, attributes: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) delete session[name];
    else session[name] = value;
  }
}

function sight(session: AnySession): Sight {
  return { id: session.id, idle: session.idleTimeoutInSeconds, attributes: { ...session } };
}
