// oxlint-disable typescript/no-misused-spread -- the DTO has no methods, and is stored as data
import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post, ValidationPipe, type ValidationPipeOptions } from '@nestjs/common';
import { IsInt, IsString } from 'class-validator';
import { Session } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from './http-app.js';

class Item {
  @IsString() sku!: string;
  @IsInt() quantity!: number;
}

class ShopSession {
  @IsInt() visits!: number;
}

interface Cart {
  first: unknown;
  cart: Item[];
}

@Controller()
class CartController {
  @Post('cart')
  add(@Session() session: Session<Cart>, @Body() item: Item) {
    session.cart = [...(session.cart ?? []), { ...item }];
    return session.cart;
  }

  @Post('first')
  first(@Session() session: Session<Cart>, @Body('value') value: unknown) {
    session.first = value;
  }

  @Get('first')
  showFirst(@Session('first') item: Item) {
    return { sku: item.sku };
  }

  @Post('visits')
  visit(@Session() session: ShopSession) {
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  }

  @Get('checked')
  checked(
    @Session(new ValidationPipe({ expectedType: ShopSession, validateCustomDecorators: true }))
    session: ShopSession,
  ) {
    return { visits: session.visits };
  }
}

const pipes: ValidationPipeOptions[] = [
  { validateCustomDecorators: true },
  { validateCustomDecorators: true, transform: true },
  { validateCustomDecorators: true, whitelist: true, forbidNonWhitelisted: true },
  { validateCustomDecorators: true, transform: true, whitelist: true, forbidUnknownValues: true },
];
const cases = platforms.flatMap((platform) => pipes.map((options) => ({ platform, options })));

describe.each(cases)('behind a global ValidationPipe($options), on $platform', ({ platform, options }) => {
  let app: HttpApp;
  afterEach(() => app.close());
  const start = async () => {
    app = await startApp(platform, {
      controllers: [CartController],
      main: (nest) => void nest.useGlobalPipes(new ValidationPipe(options)),
    });
    return app.browser();
  };

  it('a handler gets its session, and what it writes is stored', async () => {
    const browser = await start();
    await browser.post('/cart', { sku: 'tea', quantity: 1 });
    expect((await browser.post('/cart', { sku: 'milk', quantity: 2 })).json()).toEqual([
      { sku: 'tea', quantity: 1 },
      { sku: 'milk', quantity: 2 },
    ]);
  });

  it('a handler gets the session and no copy, whatever class its parameter names', async () => {
    const browser = await start();
    expect((await browser.post('/visits')).json()).toEqual({ visits: 1 });
    expect((await browser.post('/visits')).json()).toEqual({ visits: 2 });
  });

  it('an attribute is validated by the class of its parameter', async () => {
    const browser = await start();
    await browser.post('/first', { value: { sku: 'tea', quantity: 1 } });
    expect((await browser.get('/first')).json()).toEqual({ sku: 'tea' });
    await browser.post('/first', { value: { sku: 'tea', quantity: 'many' } });
    expect((await browser.get('/first')).json()).toMatchObject({
      statusCode: 400,
      message: ['quantity must be an integer number'],
    });
  });

  it('a pipe that the parameter itself names validates the session', async () => {
    const browser = await start();
    expect((await browser.get('/checked')).status).toBe(400);
    await browser.post('/visits');
    expect((await browser.get('/checked')).json()).toEqual({ visits: 1 });
  });
});
