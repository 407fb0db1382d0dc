import { Body, ConflictException, Controller, Post, UnauthorizedException } from '@nestjs/common';
import { RedisSessionModule, Session, SessionLimitError, SessionRepository } from 'nestjs-redis-session';

interface Account {
  user: string;
}

export const withLimit = RedisSessionModule.forRoot({ maxSessionsPerUser: 3, onSessionLimit: 'refuse' });

@Controller()
export class LimitedLoginController {
  constructor(private readonly sessions: SessionRepository) {}

  @Post('login')
  async login(@Body() body: { user: string; password: string }, @Session() session: Session<Account>) {
    if (body.password !== 'open sesame') throw new UnauthorizedException();
    session.rotate();
    session.user = body.user;
    try {
      await session.save();
    } catch (error) {
      if (!(error instanceof SessionLimitError)) throw error;
      delete (session as Partial<Account>).user; // otherwise the end of the request tries again
      const devices = await this.sessions.findByUser(body.user);
      throw new ConflictException({ message: 'Log out on one of these devices first.', devices });
    }
  }
}
