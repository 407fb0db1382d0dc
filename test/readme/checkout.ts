import { Body, Controller, Post, UnauthorizedException } from '@nestjs/common';
import { RequireRecentAuthentication, Session } from 'nestjs-redis-session';

interface Visitor {
  user: string;
}

async function passwordMatches(user: string | undefined, password: string) {
  return user !== undefined && password === 'open sesame';
}

@Controller()
export class CheckoutController {
  @Post('confirm')
  async confirm(@Body('password') password: string, @Session() session: Session<Visitor>) {
    if (!(await passwordMatches(session.user, password))) throw new UnauthorizedException();
    session.rotate({ authenticated: true });
  }

  @Post('checkout')
  @RequireRecentAuthentication({ seconds: 300 })
  checkout() {
    return { paid: true };
  }
}
