import {
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type ModuleMetadata,
  type NestModule,
  type Provider,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RedisSessionModule, SessionRepository, type RedisSessionModuleOptions } from 'nestjs-redis-session';
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
  /** Other modules of the application. */
  imports?: NonNullable<ModuleMetadata['imports']>;
  controllers?: Type[];
  providers?: Provider[];
  options?: RedisSessionModuleOptions;
  /** Middleware that the module's `configure()` applies. */
  middleware?: (consumer: MiddlewareConsumer) => void;
  /** What main.ts would do between create and listen. */
  main?: (app: INestApplication) => void | Promise<void>;
  /** Trusts the proxy in front, so that X-Forwarded-Proto counts. @default false */
  trustProxy?: boolean;
  /** More options of the Fastify adapter. */
  fastify?: ConstructorParameters<typeof FastifyAdapter>[0];
  /** Leaves the package out, to see what the framework does alone. @default false */
  plain?: boolean;
}

/** An application on a real port, created as in main.ts. */
export async function startApp(platform: Platform, setup: HttpAppSetup): Promise<HttpApp> {
  const applicationName = setup.options?.applicationName ?? uniqueName('http');
  @Module({
    imports: [
      ...(setup.plain
        ? []
        : [RedisSessionModule.forRoot({ store: 'memory', applicationName, ...setup.options })]),
      ...(setup.imports ?? []),
    ],
    controllers: setup.controllers ?? [],
    providers: setup.providers ?? [],
  })
  class AppModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      setup.middleware?.(consumer);
    }
  }
  const trustProxy = setup.trustProxy ?? false;
  const adapter =
    platform === 'fastify' ? new FastifyAdapter({ trustProxy, ...setup.fastify }) : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: false, abortOnError: false });
  if (adapter instanceof ExpressAdapter) adapter.set('trust proxy', trustProxy);
  await setup.main?.(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    platform,
    app,
    url,
    get sessions() {
      return app.get(SessionRepository);
    },
    applicationName,
    browser: (options) => new Browser(url, options),
    close: () => app.close(),
  };
}
