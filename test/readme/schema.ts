import { Controller, Module, Post } from '@nestjs/common';
import { RedisSessionModule, Session, type SessionOf, type SessionValues } from 'nestjs-redis-session';
import * as z from 'zod';

const shopSchema = z.object({
  user: z.string().optional(),
  cart: z.array(z.object({ sku: z.string(), quantity: z.number().int() })).optional(),
});

// Version 1 kept a list of skus.
function migrate(data: SessionValues, fromVersion: number): SessionValues {
  if (fromVersion >= 2 || !Array.isArray(data['cart'])) return data;
  const skus = data['cart'] as string[];
  return { ...data, cart: skus.map((sku) => ({ sku, quantity: 1 })) };
}

@Controller('cart')
class CartController {
  @Post()
  add(@Session() session: SessionOf<typeof shopSchema>) {
    session.cart = [...(session.cart ?? []), { sku: 'tea', quantity: 1 }];
    return session.cart;
  }
}

@Module({
  imports: [RedisSessionModule.forRoot({ schema: shopSchema, schemaVersion: 2, onInvalidData: migrate })],
  controllers: [CartController],
})
export class AppModule {}
