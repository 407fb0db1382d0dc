import { Controller, Module, Post } from '@nestjs/common';
import { RedisSessionModule, Session } from 'nestjs-redis-session';

interface ShopSession {
  visits: number;
}

@Controller()
class ShopController {
  @Post('visits')
  count(@Session() session: Session<ShopSession>) {
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  }
}

@Module({
  imports: [RedisSessionModule.forRoot({ applicationName: 'shop' })],
  controllers: [ShopController],
})
export class AppModule {}
