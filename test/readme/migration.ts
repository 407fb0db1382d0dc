import { expressSession, RedisSessionModule } from 'nestjs-redis-session';

export const migrating = (secret: string, olderSecret: string) =>
  RedisSessionModule.forRoot({
    migrateFrom: expressSession({ secret: [secret, olderSecret], prefix: 'sess:' }),
  });
