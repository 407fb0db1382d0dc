import { request as send } from 'node:http';
import { text } from 'node:stream/consumers';
import { Controller, Get, Post, Req, type ModuleMetadata } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import {
  RedisSessionModule,
  Session,
  type RedisSessionModuleExtras,
  type RedisSessionModuleOptions,
} from 'nestjs-redis-session';
import { startNest, type Main, type NestApp, type Platform } from '../integrations/nest-app.js';
import { uniqueName } from '../support/unique-name.js';

/** The kind of visitor who has the session. */
export interface Kind {
  kind?: 'shop' | 'admin';
}

/** What a handler reports: its own kind, and the kind of the session. */
export interface Seen {
  handler: 'shop' | 'admin';
  session: string | null;
}

/** A request as handlers get it on both platforms. */
export interface AnyRequest {
  session?: Session<Kind>;
}

export function seen(handler: Seen['handler'], { session }: AnyRequest): Seen {
  return { handler, session: session === undefined ? null : (session.kind ?? 'new') };
}

@Controller('admin')
export class AdminController {
  @Post('login')
  login(@Session() session: Session<Kind>): void {
    session.kind = 'admin';
  }

  @Get(['', 'users', 'users/:id', 'files/*'])
  look(@Req() request: AnyRequest): Seen {
    return seen('admin', request);
  }

  @Get('strict')
  strict(@Session('kind') kind: string | undefined): Seen {
    return { handler: 'admin', session: kind ?? 'new' };
  }
}

@Controller()
export class ShopController {
  @Post('login')
  login(@Session() session: Session<Kind>): void {
    session.kind = 'shop';
  }

  @Get(['me', 'products/:id', ':section/users', '*'])
  look(@Req() request: AnyRequest): Seen {
    return seen('shop', request);
  }
}

type Extras = RedisSessionModuleOptions & RedisSessionModuleExtras;

export interface TwoKinds extends NestApp {
  /** Sends the unchanged target with the cookies of a customer and of a clerk. */
  ask(target: string, init?: { method?: string; headers?: Record<string, string> }): Promise<Answer>;
}

export interface Answer {
  status: number;
  seen: Seen | undefined;
  body: string;
  setCookies: string[];
}

export interface TwoKindsSetup extends ModuleMetadata {
  shop?: Extras;
  admin?: Extras;
  main?: Main;
  adapter?: AbstractHttpAdapter;
}

/** A shop and its back office: sessions of the shop everywhere, those of the back office below /admin. */
export async function startTwoKinds(platform: Platform, setup: TwoKindsSetup = {}): Promise<TwoKinds> {
  const { shop, admin, main, adapter, imports = [], ...metadata } = setup;
  const memory = { store: 'memory' as const };
  const registrations = [
    RedisSessionModule.forRoot({ ...memory, applicationName: uniqueName('shop'), ...shop }),
    RedisSessionModule.forRoot({
      ...memory,
      name: 'admin',
      applicationName: uniqueName('admin'),
      forRoutes: ['admin'],
      cookie: { name: 'admin' },
      ...admin,
    }),
  ];
  const controllers = [AdminController, ShopController];
  const app = await startNest(
    platform,
    { controllers, ...metadata, imports: [...registrations, ...imports] },
    main,
    adapter,
  );
  const visitor = app.browser();
  await visitor.post('/login');
  await visitor.post('/admin/login');
  const cookie = ['sid', 'admin'].map((name) => `${name}=${visitor.cookie(name)}`).join('; ');
  return { ...app, ask: (target, init) => ask(app.url, target, cookie, init) };
}

function ask(
  url: string,
  target: string,
  cookie: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const options = { hostname, port, path: target, method, headers: { cookie, ...headers }, agent: false };
  return new Promise((resolve, reject) => {
    const sent = send(options, (answer) => {
      text(answer).then((body) => {
        const { statusCode: status = 0 } = answer;
        resolve({ status, body, seen: seenIn(body), setCookies: answer.headers['set-cookie'] ?? [] });
      }, reject);
    });
    sent.once('error', reject).end();
  });
}

function seenIn(body: string): Seen | undefined {
  try {
    const answer = JSON.parse(body) as Partial<Seen>;
    return answer.handler === undefined ? undefined : (answer as Seen);
  } catch {
    return undefined;
  }
}
