import { Body, Controller, Delete, Get, Param, Post, UnauthorizedException } from '@nestjs/common';
import { RedisSessionModule, Session, SessionRepository } from 'nestjs-redis-session';

interface Account {
  user: string;
  device: string;
}

export const withDevices = RedisSessionModule.forRoot({ listedAttributes: ['device'] });

@Controller()
export class DevicesController {
  constructor(private readonly sessions: SessionRepository) {}

  @Post('login')
  login(
    @Body() body: { user: string; password: string; device: string },
    @Session() session: Session<Account>,
  ) {
    if (body.password !== 'open sesame') throw new UnauthorizedException();
    session.rotate();
    session.user = body.user; // finds the session again: sessions.findByUser(body.user)
    session.device = body.device;
  }

  @Get('devices')
  devices(@Session('user') user: string) {
    return this.sessions.findByUser(user);
  }

  @Delete('devices/:id')
  async logOutDevice(@Param('id') id: string, @Session('user') user: string) {
    const own = await this.sessions.findByUser(user);
    if (own.some((device) => device.id === id)) await this.sessions.destroy(id);
  }

  @Post('password')
  async changePassword(@Session() session: Session<Account>) {
    // … store the new password first
    session.rotate();
    await this.sessions.destroyByUser(session.user!, { except: session });
  }
}
