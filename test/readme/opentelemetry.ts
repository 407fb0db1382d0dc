import { RedisSessionModule } from 'nestjs-redis-session';
import { OpenTelemetrySessionObserver } from 'nestjs-redis-session/opentelemetry';

export const traced = () => RedisSessionModule.forRoot({ observers: [new OpenTelemetrySessionObserver()] });
