import { Body, Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { IsString, Length } from 'class-validator';
import { Session, SessionState } from 'nestjs-redis-session';
import { LoggedInGuard } from './logged-in.guard.js';
import type { ShopSession } from './shop-session.js';

export class LoginDto {
  @IsString()
  @Length(1, 40)
  user!: string;
}

@Controller()
export class VisitorController {
  /** A real shop checks a password here. */
  @Post('login')
  @HttpCode(200)
  login(@Body() { user }: LoginDto, @Session() session: Session<ShopSession>) {
    // A cookie that was planted or stolen before the login stops working. The cart is kept.
    session.rotate({ authenticated: true });
    session.visitor = user;
    return { user };
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@Session() session: Session<ShopSession>): Promise<void> {
    await session.destroy();
  }

  @Get('me')
  @SessionState('read-only')
  @UseGuards(LoggedInGuard)
  me(@Session('visitor') user: string) {
    return { user };
  }

  @Post('visits')
  @SessionState('exclusive')
  @HttpCode(200)
  visits(@Session() session: Session<ShopSession>) {
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  }
}
