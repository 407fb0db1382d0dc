import type { INestApplication, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { RedisSessionModule, SessionRepository, type RedisSessionModuleOptions } from 'nestjs-redis-session';
import type { Provider } from '@nestjs/common';
import { Browser, type BrowserOptions } from '../support/http-browser.js';
import { uniqueName } from '../support/unique-name.js';

export type Platform = 'express' | 'fastify';
export const platforms: Platform[] = ['express', 'fastify'];

export interface HttpApp {
  readonly platform: Platform;
  readonly app: INestApplication;
  readonly url: string;
  readonly sessions: SessionRepository;
  readonly applicationName: string;
  browser(options?: BrowserOptions): Browser;
  close(): Promise<void>;
}

export interface HttpAppSetup {
  controllers?: Type[];
  providers?: Provider[];
  options?: RedisSessionModuleOptions;
  /** What main.ts would do between create and listen. */
  main?: (app: INestApplication) => void | Promise<void>;
  /** Trusts the proxy in front, so that X-Forwarded-Proto counts. @default false */
  trustProxy?: boolean;
}

/** An application on a real port, made as main.ts makes one. */
export async function startApp(platform: Platform, setup: HttpAppSetup): Promise<HttpApp> {
  const applicationName = setup.options?.applicationName ?? uniqueName('http');
  const module = await Test.createTestingModule({
    imports: [RedisSessionModule.forRoot({ store: 'memory', applicationName, ...setup.options })],
    controllers: setup.controllers ?? [],
    providers: setup.providers ?? [],
  }).compile();
  const trustProxy = setup.trustProxy ?? false;
  const adapter = platform === 'fastify' ? new FastifyAdapter({ trustProxy }) : new ExpressAdapter();
  const app = module.createNestApplication(adapter, { logger: false });
  if (adapter instanceof ExpressAdapter) adapter.set('trust proxy', trustProxy);
  await setup.main?.(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    platform,
    app,
    url,
    sessions: app.get(SessionRepository),
    applicationName,
    browser: (options) => new Browser(url, options),
    close: () => app.close(),
  };
}
