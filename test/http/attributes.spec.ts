import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Post } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { type Shop, ShopController } from './shop.controller.js';

const culprits: Record<string, () => unknown> = {
  'a function': () => () => undefined,
  'a Map': () => new Map(),
  'a Date': () => new Date(),
  'a BigInt': () => 1n,
  NaN: () => Number.NaN,
};

const refusals: Error[] = [];

@Controller('attributes')
class AttributesController {
  @Post('push/:item')
  push(@Session() session: Session<Shop>, @Param('item') item: string): void {
    session.cart!.push(item);
  }

  @Post('culprit/:name')
  async culprit(@Session() session: Session<Shop>, @Param('name') name: string): Promise<void> {
    session.item = 'never written';
    session.basket = { lines: [{ value: culprits[name]!() }] };
    await session.save().catch((error: Error) => refusals.push(error));
  }

  @Post('large/:bytes')
  large(@Session() session: Session<Shop>, @Param('bytes') bytes: string): void {
    session.item = 'x'.repeat(Number(bytes));
  }

  @Get('item')
  item(@Session('item') item: string): string {
    return item;
  }

  @Post('name/:name')
  reserved(@Session() session: Session<Shop>, @Param('name') name: string): string {
    try {
      session[name] = { planted: true };
      return 'set';
    } catch (error) {
      return (error as Error).message;
    }
  }
}

describe.each(platforms)('attributes, on %s', (platform) => {
  let server: RedisServer;
  let app: HttpApp;
  beforeAll(async () => {
    server = await RedisServer.start();
    app = await startApp(platform, {
      controllers: [ShopController, AttributesController],
      options: { store: 'redis', port: server.port, maxSessionBytes: 2000 },
    });
  });
  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  async function visitor(attributes: object = { item: 'tea', cart: ['tea'] }) {
    const browser = app.browser();
    const { id } = (await browser.post('/session', attributes)).json() as { id: string };
    const key = `{${app.applicationName}_${id}}_Data`;
    return {
      browser,
      key,
      attributes: async () => (await browser.get('/session')).json().attributes as object,
    };
  }

  it('session.cart.push(x) is stored', async () => {
    const { browser, attributes } = await visitor();
    await browser.post('/attributes/push/milk');
    expect(await attributes()).toEqual({ item: 'tea', cart: ['tea', 'milk'] });
  });

  it('a removed attribute is gone', async () => {
    const { browser, attributes } = await visitor();
    await browser.delete('/session/item');
    expect(await attributes()).toEqual({ cart: ['tea'] });
  });

  it.each(Object.keys(culprits))('%s is refused with its path, and nothing is written', async (name) => {
    const { browser, attributes } = await visitor();
    refusals.length = 0;
    // The commit at the end of the request fails, too.
    expect((await browser.post(`/attributes/culprit/${encodeURIComponent(name)}`)).status).toBe(500);
    expect(refusals).toMatchObject([{ code: 'SESSION_DATA', attribute: 'basket' }]);
    expect(refusals[0]!.message).toContain('session.basket.lines[0].value ');
    expect(await attributes()).toEqual({ item: 'tea', cart: ['tea'] });
  });

  it('a stored value that cannot be read is an error, and the other attributes can be read', async () => {
    const { browser, key } = await visitor();
    await server.admin.hset(key, 'cart', '{"broken');
    expect((await browser.get('/session')).status).toBe(500);
    expect((await browser.get('/attributes/item')).text).toBe('tea');
    expect(await server.admin.hget(key, 'item')).toBe('"tea"');
  });

  it('more than maxSessionBytes is an error, and the stored session stays as it was', async () => {
    const { browser, attributes } = await visitor();
    expect((await browser.post('/attributes/large/2001')).status).toBe(500);
    expect(await attributes()).toEqual({ item: 'tea', cart: ['tea'] });
    expect((await browser.post('/attributes/large/1900')).status).toBe(201);
  });

  it('a request whose changes are refused still slides the idle timeout', async () => {
    const { browser, key } = await visitor();
    await server.admin.pexpire(key, 60_000);
    expect((await browser.post('/attributes/large/2001')).status).toBe(500);
    await eventually(async () => expect(await server.admin.pttl(key)).toBeGreaterThan(60_000));
  });

  it.each(['id', 'save', 'destroy', 'cookie', '__proto__', 'constructor', 'toString', ':secret'])(
    'the reserved name %s is refused as an attribute',
    async (name) => {
      const { browser, attributes } = await visitor();
      const answer = await browser.post(`/attributes/name/${encodeURIComponent(name)}`);
      expect(answer.text).toMatch(new RegExp(`^"${name}" cannot name a session attribute: `));
      expect(await attributes()).toEqual({ item: 'tea', cart: ['tea'] });
      expect(({} as { planted?: boolean }).planted).toBeUndefined();
    },
  );
});
