import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import type { FastifyInstance } from 'fastify';
import grantModule from 'grant';
import { platforms, sessionsInMemory, startNest, type NestApp } from './nest-app.js';

interface Visitor {
  grant: { provider: string; state: string };
}

@Controller()
class GrantController {
  @Get('grant')
  show(@Session('grant') stored: Visitor['grant']): object {
    return stored;
  }
}

const grant = grantModule.default;
const config = {
  defaults: { origin: 'http://shop.example', transport: 'session' as const, state: true },
  acme: {
    oauth: 2,
    authorize_url: 'https://acme.example/authorize',
    access_url: 'https://acme.example/token',
    key: 'key',
    secret: 'secret',
    scope: ['openid'],
  },
};

/** Mounts grant as its guide does. */
async function mount(app: INestApplication, platform: string): Promise<void> {
  const instance = app.getHttpAdapter().getInstance() as unknown;
  if (platform === 'express') app.use(grant.express(config));
  else await (instance as FastifyInstance).register(grant.fastify(config));
}

describe.each(platforms)('grant, on %s', (platform) => {
  let app: NestApp;
  afterEach(() => app.close());

  it('redirects to the provider after it stored the state in the session', async () => {
    const metadata = { imports: [sessionsInMemory()], controllers: [GrantController] };
    app = await startNest(platform, metadata, (made) => mount(made, platform));
    const visitor = app.browser();

    const answer = await visitor.get('/connect/acme');

    expect(answer.status).toBe(302);
    const { origin, searchParams } = new URL(answer.headers.location!);
    expect(origin).toBe('https://acme.example');
    expect((await visitor.get('/grant')).json()).toMatchObject({
      provider: 'acme',
      state: searchParams.get('state'),
    });
  });
});
