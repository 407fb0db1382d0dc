// oxlint-disable typescript/no-misused-spread -- the DTO has no methods, and is stored as data
import { Body, Controller, Post } from '@nestjs/common';
import { IsInt, IsString } from 'class-validator';
import { Session } from 'nestjs-redis-session';

class ItemDto {
  @IsString() sku!: string;
  @IsInt() quantity!: number;
}

interface Shop {
  cart: ItemDto[];
}

@Controller()
export class ItemController {
  @Post('cart')
  add(@Body() item: ItemDto, @Session() session: Session<Shop>) {
    session.cart = [...(session.cart ?? []), { ...item }];
  }
}
