import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisSessionModule } from 'nestjs-redis-session';

@Module({
  providers: [
    {
      provide: Redis,
      useFactory: () =>
        new Redis(process.env['REDIS_URL']!, {
          enableOfflineQueue: false,
          autoResendUnfulfilledCommands: false,
        }),
    },
  ],
  exports: [Redis],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(Redis) private readonly client: Redis) {}

  async onApplicationShutdown() {
    await this.client.quit();
  }
}

@Module({
  imports: [
    RedisSessionModule.forRootAsync({
      imports: [RedisModule],
      inject: [Redis],
      useFactory: (client: Redis) => ({ client, applicationName: 'shop' }),
    }),
  ],
})
export class AppModule {}
