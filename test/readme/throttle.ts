import { Controller, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { minutes, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { RedisSessionModule, Session, sessionFromContext } from 'nestjs-redis-session';

interface Shop {
  cart: string[];
}

const newSessionsPerAddress = ThrottlerModule.forRoot([
  {
    limit: 20,
    ttl: minutes(1),
    skipIf: (context) => !sessionFromContext(context).isNew, // counts visitors without a session
  },
]);

@Controller()
class CartController {
  @Post('cart')
  @UseGuards(ThrottlerGuard)
  add(@Session() session: Session<Shop>) {
    session.cart = [...(session.cart ?? []), 'tea'];
  }
}

@Module({
  imports: [RedisSessionModule.forRoot({ store: 'memory' }), newSessionsPerAddress],
  controllers: [CartController],
})
class AppModule {}

const adapter = process.argv[2] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
process.send!(await app.getUrl());
process.once('disconnect', () => process.exit());
