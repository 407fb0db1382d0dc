import { Module } from '@nestjs/common';
import { RedisSessionModule } from 'nestjs-redis-session';
import { structuredSerializer } from 'nestjs-redis-session/structured';

@Module({
  imports: [RedisSessionModule.forRoot({ serializer: structuredSerializer() })],
})
export class AppModule {}
