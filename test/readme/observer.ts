import { Logger } from '@nestjs/common';
import {
  type ObservedOperation,
  type ObservedResult,
  RedisSessionModule,
  type SessionObserver,
} from 'nestjs-redis-session';

class SlowOperations implements SessionObserver {
  private readonly log = new Logger('Sessions');

  begin({ operation, session }: ObservedOperation) {
    return ({ milliseconds, outcome }: ObservedResult) => {
      if (milliseconds > 100) this.log.warn(`${operation} of ${session}: ${outcome} in ${milliseconds} ms`);
    };
  }
}

export const observed = () => RedisSessionModule.forRoot({ observers: [new SlowOperations()] });
