import 'reflect-metadata';
import { Module, type INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { RedisSessionModule } from 'nestjs-redis-session';
import {
  AdminController,
  ApiController,
  CauseFilter,
  FuzzGateway,
  ShopController,
} from './fuzz.controllers.js';
import { applicationName } from './people.js';

/** What the fuzzer tells the program in which the applications of one platform run. */
export interface FuzzSetup {
  readonly platform: 'express' | 'fastify';
  readonly redisPort: number;
}

/** One application, as that program tells of it. */
export interface Served {
  readonly name: string;
  readonly port: number;
  readonly sockets: 'ws' | 'socket.io';
}

const { platform, redisPort: port } = JSON.parse(process.argv[2]!) as FuzzSetup;

function moduleFor(): new () => object {
  const shop = { port, applicationName: applicationName('shop'), exclude: ['shop/public'] };
  const admin = { port, applicationName: applicationName('admin'), name: 'admin', forRoutes: ['admin'] };
  const api = { port, applicationName: applicationName('api'), name: 'api', forRoutes: ['api'] };
  @Module({
    imports: [
      RedisSessionModule.forRoot(shop),
      RedisSessionModule.forRoot({ ...admin, cookie: { name: 'admin' } }),
      RedisSessionModule.forRoot({ ...api, header: { name: 'authorization' } }),
    ],
    controllers: [ShopController, AdminController, ApiController],
    providers: [FuzzGateway, { provide: APP_FILTER, useClass: CauseFilter }],
  })
  class FuzzModule {}
  return FuzzModule;
}

type Router = Readonly<Record<string, boolean>>;

const routers: Readonly<Record<FuzzSetup['platform'], readonly Router[]>> = {
  express: [{}, { 'case sensitive routing': true, 'strict routing': true }],
  fastify: [
    {},
    { ignoreDuplicateSlashes: true },
    { useSemicolonDelimiter: true },
    { ignoreTrailingSlash: true, caseSensitive: false },
    { ignoreDuplicateSlashes: true, useSemicolonDelimiter: true, ignoreTrailingSlash: true },
  ],
};

async function start(router: Router): Promise<INestApplication> {
  if (platform === 'fastify') {
    const adapter = new FastifyAdapter({ routerOptions: router });
    return NestFactory.create(moduleFor(), adapter, { logger: false });
  }
  const adapter = new ExpressAdapter();
  for (const [name, value] of Object.entries(router)) adapter.set(name, value);
  return NestFactory.create(moduleFor(), adapter, { logger: false });
}

const served: Served[] = [];
for (const [index, router] of routers[platform].entries()) {
  const app = await start(router);
  const sockets = index === 0 ? 'ws' : 'socket.io';
  app.useWebSocketAdapter(sockets === 'ws' ? new WsAdapter(app) : new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  const name = [platform, ...Object.keys(router)].join(' ');
  served.push({ name, port: Number(new URL(await app.getUrl()).port), sockets });
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpu: (user + system) / 1000 });
});
// Whoever runs it is gone.
process.on('disconnect', () => process.exit());
process.send!({ served });
