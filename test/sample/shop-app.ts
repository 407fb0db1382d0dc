import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from '../../sample-app/src/app.module.js';
import type { Platform } from '../http/http-app.js';
import { Browser } from '../support/http-browser.js';

export interface Shop {
  readonly url: string;
  browser(): Browser;
  close(): Promise<void>;
}

/** The sample application as main.ts starts it, with only these REDIS_SESSION variables in its environment. */
export async function openShop(platform: Platform, variables: Record<string, string> = {}): Promise<Shop> {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('REDIS_SESSION_')) delete process.env[name];
  }
  Object.assign(process.env, variables);
  const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { url, browser: () => new Browser(url), close: () => app.close() };
}
