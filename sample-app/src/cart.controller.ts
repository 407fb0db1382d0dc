import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import { Session, SessionState } from 'nestjs-redis-session';
import type { CartItem, ShopSession } from './shop-session.js';

export class CartItemDto {
  @IsString()
  @Length(1, 40)
  sku!: string;

  @IsInt()
  @Min(1)
  @Max(99)
  quantity!: number;
}

@Controller('cart')
export class CartController {
  @Get()
  @SessionState('read-only')
  show(@Session('cart') cart: CartItem[] = []): CartItem[] {
    return cart;
  }

  // Exclusive, because two clicks at once would both change the same old cart.
  @Post()
  @SessionState('exclusive')
  @HttpCode(200)
  add(@Body() { sku, quantity }: CartItemDto, @Session() session: Session<ShopSession>): CartItem[] {
    const cart = (session.cart ??= []);
    const item = cart.find((other) => other.sku === sku);
    // A change in place is stored too: the session compares its attributes at the end of the request.
    if (item) item.quantity += quantity;
    else cart.push({ sku, quantity });
    return cart;
  }

  @Delete(':sku')
  @SessionState('exclusive')
  remove(@Param('sku') sku: string, @Session() session: Session<ShopSession>): CartItem[] {
    const cart = (session.cart ?? []).filter((item) => item.sku !== sku);
    if (session.cart) session.cart = cart;
    return cart;
  }
}
