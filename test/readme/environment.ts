import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { RedisSessionModule, redisSessionConfig } from 'nestjs-redis-session';

@Module({
  imports: [
    ConfigModule.forRoot(), // reads .env, too
    RedisSessionModule.forRootAsync(redisSessionConfig.asProvider()),
  ],
})
export class AppModule {}
