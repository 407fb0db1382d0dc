import {
  BadRequestException,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Param,
  Post,
  Redirect,
  Res,
  Sse,
  UseGuards,
} from '@nestjs/common';
import { Session, SessionState, sessionFromContext } from 'nestjs-redis-session';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { NEVER, type Observable, startWith } from 'rxjs';
import { deferred, type Deferred } from '../support/barrier.js';

// oxlint-disable-next-line typescript/no-explicit-any -- a test knows what it stored
export type Data = Session<Record<string, any>>;

/** A handler that has started and waits for the test. */
export interface Entered {
  readonly session: Data;
  readonly leave: Deferred<void>;
}

/** The handlers of `POST /hold`, in the order in which they start. */
@Injectable()
export class Stage {
  readonly #entered: Entered[] = [];
  #awaited: Deferred<Entered> | undefined;
  /** How many handlers have started. */
  count = 0;

  enter(session: Data): Promise<void> {
    const entered = { session, leave: deferred() };
    this.count++;
    if (this.#awaited) this.#awaited.resolve(entered);
    else this.#entered.push(entered);
    this.#awaited = undefined;
    return entered.leave.promise;
  }

  async next(): Promise<Entered> {
    const entered = this.#entered.shift();
    if (entered) return entered;
    this.#awaited = deferred<Entered>();
    return this.#awaited.promise;
  }
}

@Injectable()
class Refuse implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class Stamp implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    sessionFromContext<Record<string, unknown>>(context).stamped = true;
    return true;
  }
}

async function increment(session: Data): Promise<number> {
  const before = session.n as number;
  // Other requests run between the read and the write.
  for (let turns = 0; turns < 20; turns++) await turn();
  session.n = before + 1;
  return session.n as number;
}

/** Routes with the default state. */
@Controller()
export class PlainController {
  constructor(private readonly stage: Stage) {}

  @Post('start') start(@Session() session: Data) {
    session.n = 0;
  }

  @Get() all(@Session() session: Data) {
    return session;
  }

  @Post('set/:name') async set(@Session() session: Data, @Param('name') name: string) {
    await turn();
    session[name] = true;
  }

  @Post('plain-increment') plain(@Session() session: Data) {
    return increment(session);
  }

  @Post('logout') logout(@Session() session: Data) {
    return session.destroy();
  }

  @Post('rotate') rotate(@Session() session: Data) {
    session.rotate();
  }

  @Post('hold-plain') async hold(@Session() session: Data) {
    await this.stage.enter(session);
    session.held = true;
  }

  @Post('hold-increment') async holdIncrement(@Session() session: Data) {
    const before = session.n as number;
    await this.stage.enter(session);
    session.n = before + 1;
  }

  @Get('peek') @SessionState('read-only') async peek(@Session() session: Data) {
    return session;
  }

  @Post('poke') @SessionState('read-only') poke(@Session() session: Data) {
    session.n = 100;
  }
}

/** Every way in which a request that holds the lock can end. */
@Controller()
@SessionState('exclusive')
export class ExclusiveController {
  constructor(private readonly stage: Stage) {}

  @Post('increment') increment(@Session() session: Data) {
    return increment(session);
  }

  @Post('hold') async hold(@Session() session: Data) {
    await this.stage.enter(session);
    session.held = true;
  }

  @Post('stamped') @UseGuards(Stamp) stamped(@Session() session: Data) {
    return increment(session);
  }

  @Post('unchanged') unchanged() {
    return 'ok';
  }

  @Post('saves') async saves(@Session() session: Data) {
    await increment(session);
    await session.save();
    await this.stage.enter(session);
    await increment(session);
  }

  @Post('throws') throws(@Session() session: Data) {
    session.n = 100;
    throw new Error('out of tea');
  }

  @Post('rejects') rejects() {
    throw new BadRequestException();
  }

  @Post('refused') @UseGuards(Refuse) refused() {
    return 'never';
  }

  @Post('redirects') @Redirect('/') redirects(@Session() session: Data) {
    session.redirected = true;
  }

  @Post('unserializable') unserializable(@Session() session: Data) {
    session.bad = () => undefined;
  }

  @Post('raw') raw(@Session() session: Data, @Res() response: ServerResponse & { raw?: ServerResponse }) {
    session.raw = true;
    (response.raw ?? response).end('raw');
  }

  @Post('silent') async silent(@Session() session: Data, @Res() _response: unknown) {
    await this.stage.enter(session);
  }

  @Sse('events') events(@Session() session: Data): Observable<{ data: string }> {
    session.listened = true;
    return NEVER.pipe(startWith({ data: 'hello' }));
  }

  @Post('regenerate') async regenerate(@Session() session: Data) {
    const next = (await session.regenerate()) as Data;
    next.n = 0;
  }

  @Post('end') end(@Session() session: Data) {
    return session.destroy();
  }
}

/** Provides the stage of its own application to a controller. */
@Module({ providers: [Stage], exports: [Stage] })
export class StageModule {}
