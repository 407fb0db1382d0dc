import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post } from '@nestjs/common';
import {
  expressSession,
  RedisSessionModule,
  Session,
  SessionState,
  type RedisSessionModuleOptions,
  type SessionOf,
} from 'nestjs-redis-session';
import * as z from 'zod';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { OldShop } from './old-shop.js';
import { platforms, startNest, type NestApp } from './nest-app.js';

// Version 1 counts in euros. Version 2 counts in cents, and keeps the euros while version 1 runs.
const shop1 = z.object({ euros: z.number().optional(), name: z.string().optional() });
const shop2 = shop1.extend({ cents: z.number().int().optional() });

const version1 = { schema: shop1 } as const;
const version2 = {
  schema: shop2,
  schemaVersion: 2,
  onInvalidData: (data: Record<string, unknown>, from: number) =>
    from < 2 && typeof data['euros'] === 'number' ? { ...data, cents: data['euros'] * 100 } : data,
} as const;
// Version 3 has another name for it, which version 1 cannot read.
const version3 = {
  schema: z.object({ euros: z.never().optional(), total: z.object({ cents: z.number() }).optional(), name: z.array(z.string()).optional() }),
  schemaVersion: 3,
  onInvalidData: ({ euros, name, ...others }: Record<string, unknown>) => ({
    ...others,
    ...(typeof euros === 'number' && { total: { cents: euros * 100 } }),
    ...(typeof name === 'string' && { name: [name] }),
  }),
}; // prettier-ignore

/** A promise that the test or the handler resolves. */
function signal() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
let arrived = signal();
let released = signal();

@Controller()
class ShopController {
  @Get()
  show(@Session() session: Session<object>): unknown {
    return { ...session };
  }

  @Get('without')
  without(): string {
    return 'no session is looked at';
  }

  @Get('read-only')
  @SessionState('read-only')
  look(@Session() session: Session<object>): unknown {
    return { ...session };
  }

  @Post('exclusive')
  @SessionState('exclusive')
  exclusive(@Session() session: SessionOf<typeof shop2>): unknown {
    session.cents = (session.cents ?? 0) + 1;
    return { ...session };
  }

  @Post()
  assign(@Session() session: Session<object>, @Body() values: object): void {
    Object.assign(session, values);
  }

  @Post('rotate')
  rotate(@Session() session: Session<object>): void {
    session.rotate();
  }

  @Get('slow')
  async slow(@Session() session: Session<object>): Promise<unknown> {
    const values = { ...session };
    arrived.resolve();
    await released.promise;
    return values;
  }

  @Post('logout')
  async logout(@Session() session: Session<object>): Promise<void> {
    await session.destroy();
  }
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

describe.each(platforms)('a deployment that changes the shape of sessions, on %s', (platform) => {
  const apps: NestApp[] = [];
  let applicationName: string;
  let more: RedisSessionModuleOptions;
  beforeEach(() => {
    [arrived, released] = [signal(), signal()];
  });
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

  async function start(options: RedisSessionModuleOptions): Promise<Browser> {
    const module = RedisSessionModule.forRoot({ connectionString: redis.url, applicationName, ...options });
    const app = await startNest(platform, { imports: [module], controllers: [ShopController] });
    apps.push(app);
    return app.browser();
  }

  /** One visitor at the old and the new application, with these values of the old one. */
  async function visit(
    values: object,
    after: RedisSessionModuleOptions = version2,
    before: RedisSessionModuleOptions = version1,
  ) {
    applicationName = uniqueName('schema');
    const [old, next] = [await start({ ...before, ...more }), await start({ ...after, ...more })];
    expect((await old.post('/', values)).status).toBe(201);
    next.setCookie('sid', old.cookie('sid')!);
    return { old, next };
  }

  const stored = async () => {
    const [key] = await redis.admin.keys(`{${applicationName}_*_Data`);
    const { ':secret': _secret, ':created': _created, ...fields } = await redis.admin.hgetall(key!);
    return fields;
  };

  describe.each([
    ['in plain text', {}],
    ['encrypted', { encryption: { keys: [randomBytes(32).toString('base64')] } }],
    ['with an absolute timeout', { absoluteTimeoutInSeconds: 3600 }],
  ])('%s', (_, options) => {
    beforeAll(() => {
      more = options;
    });

    it('migrates what the old version wrote, and both go on', async () => {
      const { old, next } = await visit({ euros: 3, name: 'ada' });
      expect((await next.get('/')).json()).toEqual({ euros: 3, name: 'ada', cents: 300 });
      expect(await stored()).toMatchObject({ ':schema': '2' });
      expect((await old.get('/')).json()).toEqual({ euros: 3, name: 'ada', cents: 300 });
      expect((await old.post('/', { name: 'grace' })).status).toBe(201);
      expect((await next.post('/', { cents: 301 })).status).toBe(201);
      expect((await next.get('/')).json()).toEqual({ euros: 3, name: 'grace', cents: 301 });
      expect(await stored()).toMatchObject({ ':schema': '2' });
    });

    it('migrates under the lock of an exclusive route', async () => {
      const { next } = await visit({ euros: 3 });
      expect((await next.post('/exclusive')).json()).toEqual({ euros: 3, cents: 301 });
      expect((await next.get('/')).json()).toEqual({ euros: 3, cents: 301 });
    });

    it('takes sessions from before there was a schema', async () => {
      const { next } = await visit({ euros: 3 }, version2, {});
      expect((await next.get('/')).json()).toEqual({ euros: 3, cents: 300 });
    });

    it('writes nothing for requests that do not look at the session, or only read it', async () => {
      const { next } = await visit({ euros: 3 });
      const before = await stored();
      expect((await next.get('/without')).status).toBe(200);
      expect((await next.get('/read-only')).json()).toEqual({ euros: 3, cents: 300 });
      expect(await stored()).toEqual(before);
    });
  });

  describe('with a shape that the old version cannot read', () => {
    beforeAll(() => {
      more = {};
    });

    it('lets the old version destroy nothing of it', async () => {
      const { old, next } = await visit({ euros: 3, name: 'ada' }, version3);
      expect((await next.get('/')).json()).toEqual({ total: { cents: 300 }, name: ['ada'] });
      const before = await stored();
      expect((await old.get('/')).status).toBe(500);
      expect((await old.post('/', { euros: 1 })).status).toBe(500);
      expect(await stored()).toEqual(before);
      expect((await next.get('/')).json()).toEqual({ total: { cents: 300 }, name: ['ada'] });
    });

    it('lets the visitor log out at the old version', async () => {
      const { old, next } = await visit({ name: 'ada' }, version3);
      await next.get('/');
      expect((await old.post('/logout')).status).toBe(201);
      expect((await next.get('/')).json()).toEqual({});
    });
  });

  it('refuses what does not match, with 500 and without the value, and stores nothing', async () => {
    more = {};
    const { next } = await visit({ euros: 3 });
    await next.get('/');
    const before = await stored();
    const refused = await next.post('/', { cents: 'SECRET', name: 'ada' });
    expect(refused.status).toBe(500);
    expect(refused.text).not.toContain('SECRET');
    expect(await stored()).toEqual(before);
  });

  it('shows a migrated session to a request whose secret was rotated just before, and stores nothing of it', async () => {
    more = { rotationGraceInSeconds: 30 };
    const { next } = await visit({ euros: 3 });
    const late = next.clone();
    expect((await next.post('/rotate')).status).toBe(201);
    const before = await stored();
    expect(await late.get('/')).toMatchObject({ status: 200, text: '{"euros":3,"cents":300}' });
    expect(await stored()).toEqual(before);
  });

  it('answers a request that only looked, although another one rotates the secret meanwhile', async () => {
    more = {};
    const { next } = await visit({ euros: 3 });
    const late = next.clone();
    const looking = late.get('/slow');
    await arrived.promise;
    expect((await next.post('/rotate')).status).toBe(201);
    released.resolve();
    expect(await looking).toMatchObject({ status: 200, text: '{"euros":3,"cents":300}' });
  });

  it('migrates the sessions of express-session', async () => {
    applicationName = uniqueName('schema');
    const prefix = `${uniqueName('sess')}:`;
    const shop = await OldShop.start(redis.url, { prefix });
    const visitor = await start({
      ...version2,
      migrateFrom: expressSession({ secret: 'keyboard cat', prefix }),
    });
    visitor.setCookie('connect.sid', await shop.visit({ euros: 3 }));
    await shop.close();
    expect((await visitor.get('/')).json()).toEqual({ euros: 3, cents: 300 });
    expect(await stored()).toEqual({ ':schema': '2', euros: '3', cents: '300' });
  });

  it('migrates once although many requests of a visitor begin at the same time', async () => {
    more = {};
    const { next } = await visit({ euros: 3 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => next.get('/')));
    expect(answers.map(({ status, text }) => [status, text])).toEqual(
      Array.from({ length: 10 }, () => [200, '{"euros":3,"cents":300}']),
    );
    expect(await stored()).toEqual({ ':schema': '2', euros: '3', cents: '300' });
  });
});
