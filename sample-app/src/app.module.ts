import { Logger, Module, ValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { RedisSessionModule, type RedisSessionModuleOptions } from 'nestjs-redis-session';
import { CartController } from './cart.controller.js';
import { PageController } from './page.controller.js';
import { VisitorController } from './visitor.controller.js';

@Module({
  imports: [RedisSessionModule.forRootAsync({ useFactory: sessionOptions })],
  controllers: [PageController, VisitorController, CartController],
  providers: [{ provide: APP_PIPE, useValue: new ValidationPipe({ whitelist: true }) }],
})
export class AppModule {}

// Only for this sample. Your application needs only `RedisSessionModule.forRoot()`, which reads the same environment.
function sessionOptions(): RedisSessionModuleOptions {
  const configured = Object.entries(process.env).some(
    ([name, value]) => name.startsWith('REDIS_SESSION_') && value,
  );
  if (configured) return {};
  Logger.log(
    'Sessions are stored in memory and end with this process. Set REDIS_SESSION_HOST=127.0.0.1 to store them in Redis.',
    'Shop',
  );
  return { store: 'memory' };
}
