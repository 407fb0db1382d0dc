import type { Server } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import { platforms, startApp } from '../http/http-app.js';
import { RedisServer } from '../support/redis-server.js';
import { RequestCosts } from './request-costs.js';

const costs = new RequestCosts();

@Controller()
class CostController {
  @Post('item')
  async put(@Session() session: Session<{ item: string }>): Promise<object | undefined> {
    session.item = 'tea';
    await session.save();
    return costs.current;
  }

  @Get('item')
  show(@Session('item') _item: string): object | undefined {
    return costs.current;
  }
}

describe.each(platforms)('the observer that the page shows for one request, on %s', (platform) => {
  it('tells each request its own commands, round trips and time', async () => {
    const server = await RedisServer.start();
    const app = await startApp(platform, {
      controllers: [CostController],
      options: { store: 'redis', port: server.port, observers: [costs] },
    });
    costs.follow(app.app.getHttpServer() as Server);
    const browser = app.browser();
    // EVALSHA, and EVAL because the server does not know the script yet.
    const milliseconds = expect.any(Number);
    expect((await browser.post('/item')).json()).toEqual({ commands: 2, roundTrips: 2, milliseconds });
    expect((await app.browser().post('/item')).json()).toEqual({ commands: 1, roundTrips: 1, milliseconds });
    const answers = await Promise.all([1, 2, 3].map(() => browser.clone().get('/item')));
    for (const answer of answers) expect(answer.json()).toEqual({ commands: 1, roundTrips: 1, milliseconds });
    expect(answers[0]!.json().milliseconds).toBeGreaterThan(0);
    await app.close();
    await server.stop();
  });
});
