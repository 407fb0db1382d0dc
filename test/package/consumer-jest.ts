// A test of somebody else's application, run by scripts/smoke-package.mjs with the Jest that NestJS 11 sets up.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RedisSessionModule, Session, SessionState } from 'nestjs-redis-session';

@Controller()
class VisitsController {
  @Get()
  @SessionState('exclusive')
  count(@Session() session: Session<{ visits: number }>) {
    session.visits = (session.visits ?? 0) + 1;
    return session.visits;
  }
}

describe('an application that imports the package', () => {
  let app: INestApplication;
  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [RedisSessionModule.forRoot({ store: 'memory' })],
      controllers: [VisitsController],
    }).compile();
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  it('has sessions', async () => {
    const url = await app.getUrl();
    const first = await fetch(url);
    expect(await first.text()).toBe('1');
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect(await (await fetch(url, { headers: { cookie } })).text()).toBe('2');
  });
});
