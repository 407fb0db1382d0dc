import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { type RedisSessionModuleOptions, Session } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';

const DAY = 24 * 3600;

@Controller()
class ProfileController {
  @Post('profile')
  save(@Session() session: Session<object>, @Body() body: object): void {
    Object.assign(session, body);
  }

  @Post('max-age')
  maxAge(@Session() session: Session<object>, @Body('maxAge') maxAge: number | null): void {
    Object.assign(session, { seen: true });
    session.cookie.maxAge = maxAge;
  }

  @Get()
  show(@Session() session: Session<object>): object {
    return { idle: session.idleTimeoutInSeconds, attributes: { ...session } };
  }
}

describe.each(platforms)('a client that chooses its own idle timeout, on %s', (platform) => {
  describe.each<[bounds: string, options: RedisSessionModuleOptions, longest: number]>([
    ['without options', {}, 30 * DAY],
    ['with maxIdleTimeoutInSeconds', { maxIdleTimeoutInSeconds: 7 * DAY }, 7 * DAY],
    ['with a shorter absoluteTimeoutInSeconds', { absoluteTimeoutInSeconds: DAY }, DAY],
    [
      'with a longer absoluteTimeoutInSeconds',
      { absoluteTimeoutInSeconds: 90 * DAY, maxIdleTimeoutInSeconds: 7 * DAY },
      7 * DAY,
    ],
  ])('(%s)', (_bounds, options, longest) => {
    let app: HttpApp;
    beforeAll(async () => {
      app = await startApp(platform, { controllers: [ProfileController], options });
    });
    afterAll(() => app.close());

    it.each([68 * 365 * DAY, longest + 1])('gets an error, and nothing is stored: %d s', async (idle) => {
      const browser = app.browser();
      expect((await browser.post('/profile', { idleTimeoutInSeconds: idle, user: 'eve' })).status).toBe(500);
      expect((await browser.post('/max-age', { maxAge: idle * 1000 })).status).toBe(500);
      expect((await browser.get('/')).json()).toEqual({ idle: 1200, attributes: {} });
    });

    it('gets a timeout within the bound', async () => {
      const [one, two] = [app.browser(), app.browser()];
      await one.post('/profile', { idleTimeoutInSeconds: longest });
      expect((await one.get('/')).json()).toMatchObject({ idle: longest });
      await two.post('/max-age', { maxAge: longest * 1000 });
      expect((await two.get('/')).json()).toMatchObject({ idle: longest });
    });
  });

  it('can always get the default timeout again, even if the absolute timeout is shorter', async () => {
    const options = { absoluteTimeoutInSeconds: 600 };
    const app = await startApp(platform, { controllers: [ProfileController], options });
    const browser = app.browser();
    expect((await browser.post('/max-age', { maxAge: null })).status).toBe(201);
    expect((await browser.get('/')).json()).toMatchObject({ idle: 1200, attributes: { seen: true } });
    await app.close();
  });
});
