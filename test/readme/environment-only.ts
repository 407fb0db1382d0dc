import { Module } from '@nestjs/common';
import { RedisSessionModule } from 'nestjs-redis-session';

@Module({ imports: [RedisSessionModule.forRoot()] })
export class AppModule {}
