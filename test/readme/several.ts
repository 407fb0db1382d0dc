import { Inject, Injectable, Module } from '@nestjs/common';
import { getSessionRepositoryToken, RedisSessionModule, type SessionRepository } from 'nestjs-redis-session';

@Module({
  imports: [
    RedisSessionModule.forRoot({ applicationName: 'shop' }),
    RedisSessionModule.forRoot({ name: 'admin', forRoutes: ['admin'], cookie: { name: 'admin' } }),
  ],
})
export class AppModule {}

@Injectable()
export class AdminSessions {
  constructor(@Inject(getSessionRepositoryToken('admin')) readonly sessions: SessionRepository) {}
}
