import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import {
  getSessionRepositoryToken,
  RedisSessionModule,
  Session,
  UseSession,
  type SessionRepository,
} from 'nestjs-redis-session';

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

@Controller('admin')
@UseSession('admin')
export class AdminController {
  @Get('me')
  me(@Session('clerk') clerk: string | undefined) {
    return { clerk: clerk ?? 'nobody' };
  }
}
