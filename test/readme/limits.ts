import { RedisSessionModule } from 'nestjs-redis-session';

export const limited = () =>
  RedisSessionModule.forRoot({
    idleTimeoutInSeconds: 20 * 60,
    absoluteTimeoutInSeconds: 12 * 3600,
    maxSessionBytes: 64 * 1024,
  });
