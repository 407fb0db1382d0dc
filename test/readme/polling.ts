import { Controller, Get } from '@nestjs/common';
import { Session, SessionState } from 'nestjs-redis-session';

@Controller()
export class NewsController {
  @Get('news')
  @SessionState('read-only', { touch: false })
  news(@Session() session: Session) {
    return { items: [], expiresAt: session.expiresAt };
  }
}
