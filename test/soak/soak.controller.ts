import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  InternalServerErrorException,
  Post,
  StreamableFile,
  UnauthorizedException,
} from '@nestjs/common';
import { Session, SessionState } from 'nestjs-redis-session';
import { OF_THE_HANDLER } from './session-error-filter.js';
import { type AnySession, assign, fresh, sight, type Sight, there } from './sight.js';

/** One route for each thing that a visitor does with a session. */
@Controller()
export class SoakController {
  @Post('create')
  create(@Session() session: AnySession, @Body() { idle, ...attributes }: { idle?: number }): Sight {
    fresh(session);
    assign(session, attributes);
    if (idle !== undefined) session.idleTimeoutInSeconds = idle;
    return sight(session);
  }

  /** Stores one half itself and does not look whether that worked, the other at the end of the request. */
  @Post('create-saved')
  async createSaved(
    @Session() session: AnySession,
    @Body() { first, second }: { first: object; second: object },
  ): Promise<Sight> {
    assign(fresh(session), first);
    await session.save().catch(untilTheLineIsBack);
    assign(session, second);
    return sight(session);
  }

  @Get('read')
  @SessionState('read-only')
  read(@Session() session: AnySession): Sight {
    return sight(there(session));
  }

  @Post('set')
  set(@Session() session: AnySession, @Body() attributes: object): Sight {
    assign(there(session), attributes);
    return sight(session);
  }

  /** Like `set`, a while after the session was loaded. */
  @Post('set-later')
  async setLater(
    @Session() session: AnySession,
    @Body() { hold, attributes }: { hold: number; attributes: object },
  ): Promise<Sight> {
    there(session);
    await sleep(hold);
    assign(session, attributes);
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
    assign(there(session), body.first);
    await session.save();
    assign(session, body.second);
    return sight(session);
  }

  /** "Remember me": the session gets an idle timeout of its own. */
  @Post('remember')
  remember(@Session() session: AnySession, @Body() { idle }: { idle: number }): Sight {
    there(session).idleTimeoutInSeconds = idle;
    return sight(session);
  }

  @Post('increment')
  @SessionState('exclusive')
  async increment(
    @Session() session: AnySession,
    @Body() { hold, mark }: { hold: number; mark: string },
  ): Promise<Sight> {
    const count = Number(there(session).count ?? 0);
    if (hold > 0) await sleep(hold);
    session.count = count + 1;
    session.mark = mark;
    return sight(session);
  }

  @Post('rotate')
  rotate(@Session() session: AnySession, @Body() attributes: object): Sight {
    there(session).rotate();
    assign(session, attributes);
    return sight(session);
  }

  /** Tries it at once, does not look whether that worked, and leaves the rest to the end of the request. */
  @Post('rotate-saved')
  async rotateSaved(@Session() session: AnySession, @Body() attributes: object): Promise<Sight> {
    there(session).rotate();
    assign(session, attributes);
    await session.save().catch(untilTheLineIsBack);
    return sight(session);
  }

  @Post('regenerate')
  async regenerate(@Session() session: AnySession, @Body() attributes: object): Promise<Sight> {
    const next = (await there(session).regenerate()) as AnySession;
    assign(next, attributes);
    return sight(next);
  }

  @Post('destroy')
  async destroy(@Session() session: AnySession): Promise<Sight> {
    await there(session).destroy();
    return sight(session);
  }

  /** What it changed is discarded. */
  @Post('fail')
  fail(@Session() session: AnySession, @Body() attributes: object): never {
    assign(there(session), attributes);
    throw new InternalServerErrorException(OF_THE_HANDLER);
  }

  /** What it changed is kept. */
  @Post('refuse')
  refuse(@Session() session: AnySession, @Body() attributes: object): never {
    assign(there(session), attributes);
    throw new UnauthorizedException(OF_THE_HANDLER);
  }

  /** Stored before the first byte, whatever becomes of the others. */
  @Post('stream')
  stream(@Session() session: AnySession, @Body() { attributes, ends }: StreamBody): StreamableFile {
    assign(there(session), attributes);
    return new StreamableFile(
      ends === 'missing' ? createReadStream('/there/is/no/such/file') : halfStream(ends),
    );
  }

  /** Nothing else goes on in this process meanwhile. */
  @Post('stall')
  stall(@Body() { milliseconds }: { milliseconds: number }): object {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
    return {};
  }
}

interface StreamBody {
  readonly attributes: object;
  readonly ends: 'well' | 'broken' | 'missing';
}

// A handler that does other work before it ends.
function untilTheLineIsBack(): Promise<void> {
  return sleep(200);
}

function halfStream(ends: StreamBody['ends']): Readable {
  async function* chunks(): AsyncGenerator<string> {
    yield '"half';
    await sleep(5);
    if (ends === 'broken') throw new Error('The stream of a handler broke.');
    yield ' a text"';
  }
  return Readable.from(chunks(), { objectMode: false });
}
