import { Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisSessionModule, Session, SessionState } from 'nestjs-redis-session';
import { once } from 'node:events';

type Counter = Session<{ n: number; held: boolean }>;

/** An application that counts in a session. Its parent process holds the handler of `POST /hold`. */
@Controller()
class CounterController {
  @Post('start') start(@Session() session: Counter) {
    session.n = 0;
  }

  @Post('increment') @SessionState('exclusive') async increment(@Session() session: Counter) {
    const before = session.n ?? 0;
    await new Promise(setImmediate);
    session.n = before + 1;
    return session.n;
  }

  @Post('hold') @SessionState('exclusive') async hold(@Session() session: Counter) {
    process.send!('entered');
    await once(process, 'message');
    session.held = true;
  }

  @Get() @SessionState('read-only') show(@Session() session: Counter) {
    return session;
  }
}

const [port, applicationName] = process.argv.slice(2);

@Module({
  imports: [
    RedisSessionModule.forRoot({
      port: Number(port),
      applicationName: applicationName!,
      operationTimeoutInMilliseconds: 900,
      lock: { leaseInMilliseconds: 1000 },
    }),
  ],
  controllers: [CounterController],
})
class CounterModule {}

const app = await NestFactory.create(CounterModule, { logger: false });
await app.listen(0, '127.0.0.1');
process.send!(await app.getUrl());
process.once('disconnect', () => process.exit());
