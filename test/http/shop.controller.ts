import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';

export interface Shop {
  user: string;
  item: string;
  cart: string[];
  visits: number;
  [name: string]: unknown;
}

/** A small application with typical uses of sessions. */
@Controller()
export class ShopController {
  @Get('nothing')
  nothing(): string {
    return 'no session here';
  }

  @Get('session')
  show(@Session() session: Session<Shop>): object {
    return { id: session.id, isNew: session.isNew, attributes: { ...session } };
  }

  @Post('session')
  put(@Session() session: Session<Shop>, @Body() attributes: object): object {
    Object.assign(session, attributes);
    return { id: session.id };
  }

  @Delete('session/:name')
  remove(@Session() session: Session<Shop>, @Param('name') name: string): void {
    delete session[name];
  }

  @Post('login')
  login(@Session() session: Session<Shop>, @Body('user') user: string): void {
    session.rotate();
    session.user = user;
  }

  @Post('logout')
  async logout(@Session() session: Session<Shop>): Promise<void> {
    await session.destroy();
  }

  @Post('regenerate')
  async regenerate(@Session() session: Session<Shop>, @Query('item') item?: string): Promise<object> {
    const next = (await session.regenerate()) as Session<Shop>;
    if (item !== undefined) next.item = item;
    return { old: { ...session }, next: { ...next }, oldId: session.id, nextId: next.id };
  }

  @Post('status/:code')
  @HttpCode(200)
  status(
    @Session() session: Session<Shop>,
    @Param('code') code: string,
    @Body() attributes: object,
    @Res({ passthrough: true }) response: { status(code: number): void },
  ): void {
    Object.assign(session, attributes);
    response.status(Number(code));
  }
}
