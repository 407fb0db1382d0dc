import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  InMemorySessionStore,
  RedisSessionModule,
  type RedisSessionModuleOptions,
  RequireRecentAuthentication,
  Session,
  SessionRepository,
  SessionState,
} from 'nestjs-redis-session';
import { clock, loginAs } from 'nestjs-redis-session/testing';
import { newSession } from '../../lib/testing/contract/records.js';
import { platforms } from '../http/http-app.js';
import { barrier } from '../support/barrier.js';
import { Browser } from '../support/http-browser.js';

interface Shop {
  user: string;
  visits: number;
}

const meet = barrier(2);

@Controller()
class ShopController {
  @Get('user')
  user(@Session() session: Session<Shop>) {
    return { user: session.user ?? null };
  }

  @Post('orders')
  @RequireRecentAuthentication({ seconds: 300 })
  order() {
    return { ordered: true };
  }

  @Post('exclusive')
  @SessionState('exclusive')
  async exclusive(@Session() session: Session<Shop>) {
    await meet();
    await meet();
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  }
}

afterEach(() => clock.reset());

describe.each(platforms)('a test that moves the clock, on %s', (platform) => {
  let app: INestApplication;
  afterEach(() => app.close());

  async function start(options: RedisSessionModuleOptions) {
    const module = await Test.createTestingModule({
      imports: [RedisSessionModule.forRoot({ store: 'memory', ...options })],
      controllers: [ShopController],
    }).compile();
    app = module.createNestApplication(platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter());
    await app.listen(0, '127.0.0.1');
    const browser = new Browser(await app.getUrl());
    const headers = await loginAs<Shop>(app, { user: 'alice' });
    return {
      user: async () => (await browser.get('/user', { headers })).json().user,
      post: (path: string) => browser.post(path, undefined, { headers }),
    };
  }

  it('sees a session end by its idle timeout, which requests restart', async () => {
    const visitor = await start({ idleTimeoutInSeconds: 60 });
    clock.advance({ seconds: 50 });
    expect(await visitor.user()).toBe('alice');
    clock.advance({ seconds: 50 });
    expect(await visitor.user()).toBe('alice');
    clock.advance({ minutes: 1 });
    expect(await visitor.user()).toBeNull();
  });

  it('sees a session end by its absolute timeout', async () => {
    const visitor = await start({ idleTimeoutInSeconds: 60, absoluteTimeoutInSeconds: 100 });
    clock.advance({ seconds: 55 });
    expect(await visitor.user()).toBe('alice');
    const [listed] = await app.get(SessionRepository).findByUser('alice');
    expect(listed!.lastAccessedAt.getTime()).toBeGreaterThan(Date.now() + 30_000);
    clock.advance({ seconds: 50 });
    expect(await visitor.user()).toBeNull();
    expect(await app.get(SessionRepository).findByUser('alice')).toEqual([]);
  });

  it('sees an authentication become too old', async () => {
    const visitor = await start({});
    expect((await visitor.post('/orders')).status).toBe(201);
    clock.advance({ minutes: 6 });
    expect((await visitor.post('/orders')).status).toBe(401);
    expect(await visitor.user()).toBe('alice');
  });

  it('sees the lease of a lock run out under a request that holds it', async () => {
    const visitor = await start({});
    const slow = visitor.post('/exclusive');
    await meet();
    clock.advance({ hours: 0.01 });
    await meet();
    const { status, text } = await slow;
    expect(status).toBe(409);
    expect(text).toContain('The lock of session');
  });
});

describe('the clock of tests', () => {
  it('gives the lock of a lease that has run out to the next one at once', async () => {
    const store = new InMemorySessionStore();
    const session = newSession();
    await store.create(session);
    const lock = { leaseInMilliseconds: 3_000_000, waitInMilliseconds: 3_000_000 };
    await store.loadExclusive(session.id, { token: 'first', ...lock });
    const second = store.loadExclusive(session.id, { token: 'second', ...lock });
    clock.advance({ minutes: 50 });
    expect(await second).toMatchObject({ id: session.id });
    expect(await store.renewLock(session.id, { token: 'first', leaseInMilliseconds: 1 })).toBe(false);
    store.close();
  });

  it('adds steps, and goes back only to the time of the process', () => {
    clock.advance({ hours: 1, minutes: 1, seconds: 1, milliseconds: 1 });
    clock.advance({ hours: 1 });
    expect(clock.now() - Date.now()).toBeGreaterThanOrEqual(7_261_000);
    clock.reset();
    expect(clock.now() - Date.now()).toBeLessThan(7_000_000);
  });

  it.each([{ seconds: -1 }, { minutes: Number.NaN }, { hours: Infinity }])('refuses the step %j', (step) => {
    const before = clock.now();
    expect(() => clock.advance(step)).toThrow(RangeError);
    expect(clock.now() - before).toBeLessThan(3_000_000);
  });
});
