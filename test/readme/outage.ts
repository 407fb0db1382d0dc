import { Controller, Get } from '@nestjs/common';
import { RedisSessionModule, Session } from 'nestjs-redis-session';

export const survivesOutages = () =>
  RedisSessionModule.forRoot({
    throwOnError: false,
    retryTimeoutInMilliseconds: 500,
  });

interface Shop {
  cart: string[];
}

@Controller()
export class ShopController {
  @Get('cart')
  show(@Session() session: Session<Shop>) {
    if (session.lastException) return { notice: 'Your cart is not available right now.' };
    return { cart: session.cart ?? [] };
  }
}
