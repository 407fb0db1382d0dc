import { Module } from '@nestjs/common';
import { RedisSessionModule } from 'nestjs-redis-session';

const { SESSION_KEY = '', OLD_SESSION_KEY = '' } = process.env;

@Module({
  imports: [RedisSessionModule.forRoot({ encryption: { keys: [SESSION_KEY, OLD_SESSION_KEY] } })],
})
export class AppModule {}
