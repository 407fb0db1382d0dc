// The subpaths with optional peers, in an application that has installed them. See scripts/smoke-package.mjs.
import 'reflect-metadata';
import { strictEqual as same } from 'node:assert';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { RedisSessionModule, Session, SessionRepository } from 'nestjs-redis-session';
import { RedisSessionHealthIndicator } from 'nestjs-redis-session/health';
import { OpenTelemetrySessionObserver } from 'nestjs-redis-session/opentelemetry';

@Controller()
class AppController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly sessions: RedisSessionHealthIndicator,
  ) {}

  @Get('health')
  @HealthCheck()
  check() {
    return this.health.check([
      () => this.sessions.isHealthy('sessions', { timeoutInMilliseconds: 5000 }),
      () => this.sessions.isHealthy('slow', { degradedAboveInMilliseconds: 0 }),
    ]);
  }

  @Get('visit')
  visit(@Session() session: Session<{ visits: number }>): number {
    session.visits = 1;
    return session.visits;
  }
}

@Module({
  imports: [
    RedisSessionModule.forRoot({
      applicationName: 'observed',
      observers: [new OpenTelemetrySessionObserver()],
    }),
    TerminusModule.forRoot({ logger: false }),
  ],
  controllers: [AppController],
  providers: [RedisSessionHealthIndicator],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const answer = await fetch(`${url}/health`);
  const { details } = (await answer.json()) as { details: Record<string, Record<string, unknown>> };
  same(answer.status, 200);
  same(details['sessions']!['status'], 'up');
  same(details['sessions']!['connection'], 'connected');
  same(details['slow']!['slow'], true);
  same((await fetch(`${url}/visit`)).status, 200);
  console.log(`slow: ${String(details['slow']!['status'])}`);
  same(await app.get(SessionRepository).destroyAll(), 1);
  await app.close();
}

void main();
