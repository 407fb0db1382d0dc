import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RedisSessionModule, type RedisSessionModuleOptions } from 'nestjs-redis-session';
import { Browser } from '../support/http-browser.js';
import { uniqueName } from '../support/unique-name.js';

export type Platform = 'express' | 'fastify';
export const platforms: Platform[] = ['express', 'fastify'];

/** What main.ts does between create and listen. */
export type Main = (app: INestApplication) => void | Promise<void>;

export interface NestApp {
  readonly app: INestApplication;
  readonly url: string;
  browser(): Browser;
  close(): Promise<void>;
}

/** An application of these modules, created and started as in main.ts. */
export async function startNest(
  platform: Platform,
  metadata: ModuleMetadata,
  main: Main = () => undefined,
  adapter: AbstractHttpAdapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter(),
): Promise<NestApp> {
  @Module(metadata)
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter, { logger: false, abortOnError: false });
  await main(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { app, url, browser: () => new Browser(url), close: () => app.close() };
}

/** Sessions in memory, only for this application. */
export function sessionsInMemory(options: RedisSessionModuleOptions = {}) {
  return RedisSessionModule.forRoot({
    store: 'memory',
    applicationName: uniqueName('works-with'),
    ...options,
  });
}
