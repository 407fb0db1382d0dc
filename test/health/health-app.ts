import { Controller, Get, Injectable } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { RedisSessionHealthIndicator, type RedisSessionHealthOptions } from 'nestjs-redis-session/health';
import type { HttpAppSetup } from '../http/http-app.js';

/** The options of the checks; a test sets them. */
@Injectable()
export class Checks {
  checks: Record<string, RedisSessionHealthOptions> = { sessions: {} };
}

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly sessions: RedisSessionHealthIndicator,
    private readonly all: Checks,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    const checks = Object.entries(this.all.checks);
    return this.health.check(
      checks.map(
        ([key, options]) =>
          () =>
            this.sessions.isHealthy(key, options),
      ),
    );
  }
}

/** `GET /health`, as the documentation of @nestjs/terminus shows it. */
export const healthApp: HttpAppSetup = {
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [RedisSessionHealthIndicator, Checks],
};

/** `degraded` with @nestjs/terminus 12, `up` with 11. */
export const SLOW = 'degraded' in new HealthIndicatorService().check('sessions') ? 'degraded' : 'up';
