import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import {
  type ObservedOperation,
  type ObservedResult,
  RedisSessionModule,
  type SessionObserver,
} from 'nestjs-redis-session';
import { platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';

@Injectable()
class Outcomes {
  readonly heard: string[] = [];
}

@Injectable()
class OutcomesObserver implements SessionObserver {
  constructor(private readonly outcomes: Outcomes) {}

  begin({ applicationName }: ObservedOperation) {
    return ({ outcome }: ObservedResult) => void this.outcomes.heard.push(`${applicationName} ${outcome}`);
  }
}

@Module({ providers: [Outcomes, OutcomesObserver], exports: [Outcomes, OutcomesObserver] })
class OutcomesModule {}

// The options of a registration with this observer.
const observed = (name: string) => ({
  imports: [OutcomesModule],
  inject: [OutcomesObserver],
  useFactory: (observer: OutcomesObserver) => ({
    store: 'memory' as const,
    applicationName: name,
    cookie: { name },
    observers: [observer],
  }),
});

describe.each(platforms)('an observer that is a provider of another module, on %s', (platform) => {
  it('is given to several registrations by forRootAsync()', async () => {
    const app = await startApp(platform, {
      plain: true,
      imports: [
        RedisSessionModule.forRootAsync({ ...observed('shop'), exclude: ['login'] }),
        RedisSessionModule.forRootAsync({ ...observed('staff'), name: 'staff', forRoutes: ['login'] }),
      ],
      controllers: [ShopController],
    });
    await app.browser().post('/session', { item: 'tea' });
    await app.browser().post('/login', { user: 'ada' });
    expect(app.app.get(Outcomes, { strict: false }).heard).toEqual([
      'shop created',
      'staff done',
      'staff created',
      'staff done',
    ]);
    await app.close();
  });
});
