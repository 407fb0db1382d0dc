import { Controller, DefaultValuePipe, Get, Post } from '@nestjs/common';
import { Session, SessionState } from 'nestjs-redis-session';

interface Shop {
  cart: string[];
}

@Controller()
export class CartController {
  @Get('cart')
  @SessionState('read-only')
  show(@Session('cart', new DefaultValuePipe([])) cart: string[]) {
    return cart;
  }

  @Get('health')
  @SessionState('disabled')
  health() {
    return 'ok';
  }

  @Post('cart')
  add(@Session() session: Session<Shop>) {
    session.cart ??= [];
    session.cart.push('tea'); // noticed: what was read is compared at the end of the request
  }
}
