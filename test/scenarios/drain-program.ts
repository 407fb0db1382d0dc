import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Headers, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RedisSessionModule, Session, SessionState } from 'nestjs-redis-session';

type Counter = Session<{ n: number }>;

/** Tells the parent process that a request has reached its handler. */
function entered(request: string): void {
  process.send!({ entered: request });
}

/** An application that counts, slowly. Its parent process ends it with SIGTERM. */
@Controller()
class DrainController {
  @Post('increment') async increment(@Session() session: Counter, @Headers('x-request') request: string) {
    entered(request);
    await sleep(20);
    session.n = (session.n ?? 0) + 1;
    return session.n;
  }

  @Post('exclusive') @SessionState('exclusive') async exclusive(
    @Session() session: Counter,
    @Headers('x-request') request: string,
  ) {
    entered(request);
    await sleep(20);
    session.n = (session.n ?? 0) + 1;
    return session.n;
  }

  @Post('hold') async hold(@Session() session: Counter, @Headers('x-request') request: string) {
    entered(request);
    await once(process, 'message');
    session.n = 1;
  }

  @Post('hang') @SessionState('exclusive') async hang(@Headers('x-request') request: string) {
    entered(request);
    await new Promise(() => undefined);
  }
}

const [platform, port, applicationName, shutdownTimeoutInMilliseconds] = process.argv.slice(2);

@Module({
  imports: [
    RedisSessionModule.forRoot({
      port: Number(port),
      applicationName: applicationName!,
      shutdownTimeoutInMilliseconds: Number(shutdownTimeoutInMilliseconds),
    }),
  ],
  controllers: [DrainController],
})
class DrainModule {}

const adapter =
  platform === 'express'
    ? new ExpressAdapter()
    : new FastifyAdapter({ http2: platform === 'http2' } as object);
const app = await NestFactory.create(DrainModule, adapter, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
process.send!({ url: await app.getUrl() });
// The channel must not keep the process alive.
process.channel!.unref();
