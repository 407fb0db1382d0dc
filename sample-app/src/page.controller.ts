import { readFileSync } from 'node:fs';
import { Controller, Get, Header } from '@nestjs/common';
import { SessionState } from 'nestjs-redis-session';
import { type Product, products } from './products.js';

const page = readFileSync(new URL('./page.html', import.meta.url), 'utf8');

/** The page and the products are the same for every visitor, so they need no session. */
@Controller()
@SessionState('disabled')
export class PageController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  show(): string {
    return page;
  }

  @Get('products')
  list(): readonly Product[] {
    return products;
  }
}
