import { Body, Controller, Get, Post, UnauthorizedException } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';

interface Visitor {
  visitor: string;
}

@Controller()
export class LoginController {
  @Post('login')
  login(@Body() body: { name: string; password: string }, @Session() session: Session<Visitor>) {
    if (body.password !== 'open sesame') throw new UnauthorizedException();
    session.rotate({ authenticated: true });
    session.visitor = body.name;
  }

  @Post('logout')
  async logout(@Session() session: Session<Visitor>) {
    await session.destroy();
  }

  @Post('remember-me')
  rememberMe(@Session() session: Session<Visitor>) {
    session.idleTimeoutInSeconds = 30 * 24 * 3600;
  }

  @Get('me')
  me(@Session('visitor') visitor?: string) {
    return { visitor: visitor ?? 'nobody' };
  }
}
